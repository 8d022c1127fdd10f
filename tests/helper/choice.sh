# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Several certificates for a gate: by the name that a client asks for, and by
# the type of key that it takes.

agent agent
for type in ec rsa; do
	ALGORITHM=$type issue "main-$type" "/CN=main-$type" ca \
		subjectAltName=DNS:localhost,DNS:kafka.example.com
	ALGORITHM=$type issue "wild-$type" "/CN=wild-$type" ca \
		'subjectAltName=DNS:*.wild.example.com'
done
issue exact /CN=exact ca subjectAltName=DNS:exact.wild.example.com
issue by-name /CN=named.example.com ca keyUsage=digitalSignature

pair() { echo "{certificate: $work/$1.crt, private-key: $work/$1.key}"; }
several() { # several FIRST OTHER...
	local first=$1 name list=
	shift
	for name; do list+=${list:+, }$(pair "$name"); done
	config "certificate: $work/$first.crt" \
		"private-key: $work/$first.key" "certificates: [$list]"
}
several main-ec wild-rsa main-rsa exact wild-ec by-name
check "the helper starts with six pairs" helper_start

ec=(-sigalgs ecdsa_secp256r1_sha256)
rsa=(-sigalgs rsa_pss_rsae_sha256)
rsa12=(-sigalgs rsa_pkcs1_sha256 -tls1_2)
ec12=(-sigalgs ecdsa_secp256r1_sha256 -tls1_2)

# shown NAME OPTION...: that certificate is shown to such a client
shown() {
	local expected=$1 subject
	shift
	subject=$(openssl s_client -connect 127.0.0.1:9092 "$@" </dev/null \
		2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253)
	echo "$subject"
	[ "$subject" = "subject=CN=$expected" ]
}
# First, for each of the others is refused for want of a client certificate, and the
# log has only twenty such lines in ten seconds.
check "no key of the type under a name: no handshake" eval \
	'not shown x -servername named.example.com "${rsa[@]}"'
check "which is told" wait_for 60 logged \
	"refused: no signature algorithm in common with the client"
while read -r name type expected; do
	declare -n options=$type
	check "$name, a client for $type: $expected" shown "$expected" \
		-servername "$name" "${options[@]}"
done <<'X'
localhost ec main-ec
localhost rsa main-rsa
localhost ec12 main-ec
localhost rsa12 main-rsa
kafka.example.com rsa main-rsa
KAFKA.Example.COM rsa main-rsa
a.wild.example.com ec wild-ec
a.wild.example.com rsa wild-rsa
a.wild.example.com ec12 wild-ec
a.wild.example.com rsa12 wild-rsa
A.WILD.example.com rsa wild-rsa
exact.wild.example.com ec exact
exact.wild.example.com rsa wild-rsa
named.example.com ec named.example.com
unknown.example.org ec main-ec
unknown.example.org rsa main-rsa
a.b.wild.example.com ec main-ec
X
check "no name: the first" shown main-ec -noservername "${ec[@]}"
check "no name, for RSA: the other one of that name" shown main-rsa \
	-noservername "${rsa[@]}"
check "no name in TLS 1.2" shown main-rsa -noservername "${rsa12[@]}"
check "clients pass" mtls_echo

several main-rsa main-ec
check "two of one name" eval 'helper_stop && helper_start'
check "one for ECDSA" shown main-ec -servername localhost "${ec[@]}"
check "one for RSA" shown main-rsa -servername localhost "${rsa[@]}"
check "for ECDSA without a name" shown main-ec -noservername "${ec[@]}"

session() { # one that is offered a second time
	openssl s_client -connect 127.0.0.1:9092 -servername localhost \
		-cert "$work/client.crt" -key "$work/client.key" \
		-sess_out "$work/session" -ign_eof </dev/null >/dev/null 2>&1 &
	local pid=$!
	wait_for 60 test -s "$work/session"
	kill $pid
	wait $pid
	openssl s_client -connect 127.0.0.1:9092 -servername localhost \
		-cert "$work/client.crt" -key "$work/client.key" \
		-sess_in "$work/session" </dev/null 2>/dev/null |
		grep '^Reused, '
}
check "a session is resumed" session
