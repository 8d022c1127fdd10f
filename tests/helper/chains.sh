# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Chains of clients: which certificate is at fault and why, in the log and as
# an alert, and that the agent sees none of them.

agent agent
config
check "the helper starts" helper_start
: >"$work/agent.seen"

# ca_below NAME CA [EXTENSION...]: an intermediate CA
ca_below() {
	local name=$1 ca=$2
	shift 2
	[ $# -gt 0 ] || set -- basicConstraints=critical,CA:TRUE
	issue "$name" "/CN=$name" "$ca" "$@"
}

# leaf_below NAME CA CERTIFICATE...: a client with these after its own
leaf_below() {
	local name=$1 ca=$2 one
	shift 2
	issue "$name" "/CN=$name" "$ca" extendedKeyUsage=clientAuth
	for one; do cat "$work/$one.crt" >>"$work/$name.crt"; done
}

# signed NAME OPTION...: the client's certificate once more, in another way
signed() {
	local name=$1
	shift
	openssl x509 -req -in "$work/${CSR:-client}.csr" -CA "$work/ca.crt" \
		-CAkey "$work/ca.key" -out "$work/$name.crt" "$@" 2>/dev/null
	cp "$work/${CSR:-client}.key" "$work/$name.key"
}

# At level 0 a client shows what it would not show by itself.
tries() { # tries NAME [OPTION...]
	local name=$1
	shift
	client --ciphers DEFAULT:@SECLEVEL=0 --cert "$work/$name.crt" \
		--key "$work/$name.key" "$@"
}

# refuses NAME ALERT SENTENCE
refuses() {
	tries "$1" >/dev/null
	wait_for 60 logged "refused: $3 (alert ${2// /_} sent)" || return 1
	said ".error // \"\" | ascii_downcase | contains(\"$2\")"
}
passes() { tries "$@" >/dev/null; echoed; }

ca_below first ca
leaf_below by-first first first
check "a client below an intermediate CA that it sends" passes by-first
leaf_below without first
check "one that does not send it" refuses without "unknown ca" \
	"issuer CN=first is not trusted (certificate CN=without)"

ca_below narrow ca basicConstraints=critical,CA:TRUE,pathlen:0
ca_below below-narrow narrow
leaf_below too-deep below-narrow below-narrow narrow
check "a path that is longer than its CA allows" refuses too-deep \
	"unknown ca" "CA certificate CN=narrow allows no more than 0 further CAs below it (pathlen)"

ca_below no-ca ca basicConstraints=critical,CA:FALSE
leaf_below by-no-ca no-ca no-ca
check "an issuer that is no CA" refuses by-no-ca "unknown ca" \
	"certificate CN=no-ca is not a CA's, but has issued one (basicConstraints without CA:TRUE, or keyUsage without keyCertSign)"

ca_below servers-ca ca basicConstraints=critical,CA:TRUE \
	extendedKeyUsage=serverAuth
leaf_below by-servers-ca servers-ca servers-ca
check "a CA for servers alone" refuses by-servers-ca \
	"unsupported certificate" \
	"CA certificate CN=servers-ca is not meant for clients' (extendedKeyUsage without clientAuth)"

for usage in keyEncipherment keyAgreement; do
	issue "$usage" "/CN=$usage" ca "keyUsage=critical,$usage"
	check "a key that may not sign ($usage)" refuses "$usage" \
		"unsupported certificate" \
		"certificate CN=$usage is not meant for clients (keyUsage without digitalSignature)"
done
check "a server's certificate" refuses wrong-use "unsupported certificate" \
	"certificate CN=wrong-use is not meant for clients (extendedKeyUsage without clientAuth)"

ca_below old-ca ca
openssl x509 -req -in "$work/old-ca.csr" -CA "$work/ca.crt" \
	-CAkey "$work/ca.key" -extfile "$work/ext" -out "$work/old-ca.crt" \
	-not_before 20200101000000Z -not_after 20200102000000Z 2>/dev/null
leaf_below by-old-ca old-ca old-ca
check "an intermediate CA that expired: it is named, not the client" refuses \
	by-old-ca "certificate expired" \
	"certificate CN=old-ca expired on 2020-01-02T00:00:00Z"
check "an expired client" refuses expired "certificate expired" \
	"certificate CN=payments,O=ACME expired on 2020-01-02T00:00:00Z"
signed early -not_before 21000101000000Z -not_after 21000102000000Z
check "one that is not valid yet" refuses early "certificate expired" \
	"certificate CN=payments,O=ACME is not valid before 2100-01-01T00:00:00Z"

signed sha1 -sha1
check "SHA-1" refuses sha1 "bad certificate" \
	"certificate CN=payments,O=ACME has a signature that is too weak (ecdsa-with-SHA1)"
openssl req -newkey rsa:1024 -nodes -keyout "$work/short.key" \
	-out "$work/short.csr" -subj /CN=short 2>/dev/null
CSR=short signed short-rsa
check "RSA of 1024 bits" refuses short-rsa "bad certificate" \
	"certificate CN=short has a key that is too weak (RSA, 1024 bits)"
issue odd /CN=odd ca 1.2.3.4.5=critical,ASN1:UTF8String:odd
check "an unknown critical extension" refuses odd "certificate unknown" \
	"certificate CN=odd has a critical extension that is not known here: 1.2.3.4.5"

forge() { # the last byte of the signature is another one
	local base64
	base64=$(openssl x509 -in "$work/client.crt" -outform DER |
		python3 -c 'import base64, sys
der = sys.stdin.buffer.read()
print(base64.encodebytes(der[:-1] + bytes([der[-1] ^ 1])).decode())')
	printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' \
		"$base64" >"$work/forged.crt"
	cp "$work/client.key" "$work/forged.key"
}
forge
check "a signature that is wrong" refuses forged "bad certificate" \
	"certificate CN=payments,O=ACME was changed, or CN=test-ca did not issue it: its signature is wrong"
openssl req -x509 -key "$work/client.key" -subj /CN=alone -days 9 \
	-out "$work/alone.crt" 2>/dev/null
cp "$work/client.key" "$work/alone.key"
check "a self-signed one" refuses alone "unknown ca" \
	"certificate CN=alone is self-signed and not trusted"

build_flaw() {
	cc -D_GNU_SOURCE -o "$work/flaw" "$helper_dir/flaw.c" \
		"$tree"/userspace/{flaw,validity,dn,mem,log,report}.c \
		-lcrypto -lsystemd
}
check "the judge of single certificates builds" build_flaw
unknown_type() { # id-ecPublicKey becomes an OID that nobody has
	openssl x509 -in "$work/client.crt" -outform DER | python3 -c 'import sys
der, oid = sys.stdin.buffer.read(), bytes.fromhex("06072a8648ce3d0201")
assert oid in der
sys.stdout.buffer.write(der.replace(oid, oid[:-1] + b"\x7f"))' >"$work/unknown"
	"$work/flaw" "$work/unknown" "$work/ca.crt" | grep -Fx \
		"certificate CN=payments,O=ACME has a key of a type that is not known here"
}
check "a key of an unknown type" unknown_type

# Thirty of them: one key for all CAs, for it is the number that counts.
ca_below link0 ca
for i in $(seq 28); do
	openssl x509 -new -subj "/CN=link$i" -force_pubkey "$work/link0.key" \
		-CA "$work/link$((i - 1)).crt" -CAkey "$work/link0.key" \
		-extfile "$work/ext" -days 9 -out "$work/link$i.crt"
done 2>/dev/null
cp "$work/link0.key" "$work/link28.key"
# shellcheck disable=SC2046 # names without white space
leaf_below thirty link28 $(seq -f 'link%g' 28 -1 0)
cp "$work/link0.key" "$work/link8.key"
check "a chain of thirty" refuses thirty "unknown ca" \
	"the chain is too long: no trusted certificate among the first 11 (certificate CN=link18)"
# shellcheck disable=SC2046
leaf_below ten link8 $(seq -f 'link%g' 8 -1 0)
check "a chain of ten" passes ten

# 16 KB in names, of which the agent's side needs none.
names=$(python3 -c 'print(",".join(f"DNS:{i:04}.a-long-name.example.com"
	for i in range(700)))')
issue large /CN=large ca "subjectAltName=$names"
check "a certificate of 16 KB is that large" eval \
	'[ "$(openssl x509 -in "$work/large.crt" -outform DER | wc -c)" -gt 16000 ]'
check "it passes, TLS 1.3" passes large
check "it passes, TLS 1.2" passes large --max 1.2
check "it passes once more, with a session to resume" eval \
	'tries large --count 2 >/dev/null; echoed'

check "the agent has seen those that passed" eval \
	'[ "$(grep -c accepted "$work/agent.seen")" = 6 ]'

check "profile old" restart_with "tls-profile: old"
check "takes RSA of 1024 bits" passes short-rsa
check "but no SHA-1" refuses sha1 "bad certificate" \
	"certificate CN=payments,O=ACME has a signature that is too weak (ecdsa-with-SHA1)"

# --- whom a gate trusts ------------------------------------------------------

mkdir "$work/cas"
cp "$work/ca.crt" "$work/other-ca.crt" "$work/cas/"
check "a folder of CAs" restart_with "client-ca: $work/cas"
check "a client of the one" passes client
check "a client of the other" passes stranger
check "trust is per gate: one CA alone" restart_with
check "the other's client does not pass" refuses stranger "unknown ca" \
	"issuer CN=other-ca is not trusted (certificate CN=stranger)"
check "a client's own certificate as its CA" restart_with \
	"client-ca: $work/stranger.crt"
check "trusts it alone" passes stranger
check "and not others of its CA" refuses client "unknown ca" \
	"issuer CN=test-ca is not trusted (certificate CN=payments,O=ACME)"

system() {
	helper_stop
	config
	sed -i '/client-ca/d' "$work/gates.yaml"
	helper_start
}
check "without client-ca" system
check "the log warns" logged "client-ca: warning: not given: any certificate that the system's trust store vouches for would pass"
check "a private CA's client is refused" refuses client "unknown ca" \
	"issuer CN=test-ca is not trusted (certificate CN=payments,O=ACME)"
system_store() {
	helper_stop
	SSL_CERT_FILE=$work/ca.crt SSL_CERT_DIR=/nowhere helper_start
}
check "with the system's store holding that CA" system_store
check "it passes" passes client
