# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Certificates, keys and CAs in all their forms, and in bad ones: each ends in a
# sentence that says what is wrong and where.

# wrong SENTENCE [KEY: VALUE...]: the gate is refused with it, and it alone
wrong() {
	local sentence=$1
	shift
	config "$@"
	checked 2 "$sentence" "1 errors, 0 warnings"
}
warned() {
	local sentence=$1
	shift
	config "$@"
	checked 1 "warning: $sentence" "0 errors, 1 warnings"
}
fine() { config "$@"; checked 0; }
secret() { # secret NAME [TEXT]: a file with a passphrase
	printf '%s\n' "${2:-$1}" >"$work/$1"
	chmod 600 "$work/$1"
}
secret secret
secret other
secret empty-secret
: >"$work/empty-secret"

# --- encrypted keys ----------------------------------------------------------

for cipher in aes256 aria256 camellia128; do
	openssl pkey -in "$work/server.key" "-$cipher" -passout pass:secret \
		-out "$work/$cipher.key"
	chmod 600 "$work/$cipher.key"
	check "a key encrypted with $cipher" fine \
		"private-key: $work/$cipher.key" \
		"passphrase-file: $work/secret"
done
openssl rsa -traditional -aes256 -passout pass:secret -out "$work/old.key" \
	-in <(openssl genrsa 2048 2>/dev/null) 2>/dev/null
chmod 600 "$work/old.key"
check "one in the old form that is another's" wrong \
	"private-key: $work/old.key does not match certificate $work/server.crt (CN=localhost)" \
	"private-key: $work/old.key" "passphrase-file: $work/secret"
check "no passphrase" wrong \
	"private-key: $work/aes256.key is encrypted: name the file with its passphrase by passphrase-file" \
	"private-key: $work/aes256.key"
check "a wrong passphrase" wrong \
	"private-key: $work/aes256.key is encrypted, and not with the passphrase in $work/other" \
	"private-key: $work/aes256.key" "passphrase-file: $work/other"
check "an empty passphrase file" wrong \
	"passphrase-file: $work/empty-secret holds no passphrase, it is empty" \
	"private-key: $work/aes256.key" "passphrase-file: $work/empty-secret"
check "a passphrase file that is something else" wrong \
	"passphrase-file: $work/server.crt is not one line of at most 1000 bytes: is it a passphrase?" \
	"private-key: $work/aes256.key" "passphrase-file: $work/server.crt"
check "no passphrase file" wrong \
	"passphrase-file: cannot read /nowhere: No such file" \
	"private-key: $work/aes256.key" "passphrase-file: /nowhere"
check "a passphrase file that is no path" wrong \
	"passphrase-file: 'secret' is not an absolute path" \
	"passphrase-file: secret"
secret open-secret secret
chmod 644 "$work/open-secret"
check "a passphrase that everyone may read is warned of" warned \
	"$work/open-secret is open to others (mode 0644)" \
	"private-key: $work/aes256.key" "passphrase-file: $work/open-secret"
printf 'secret\r\n' >"$work/dos"
chmod 600 "$work/dos"
check "the end of its line is not the passphrase's" fine \
	"private-key: $work/aes256.key" "passphrase-file: $work/dos"
check "a passphrase is never told" eval \
	'not grep -q secret$ "$work/checked"'

# --- other things than keys and certificates ---------------------------------

check "a certificate for a key" wrong \
	"private-key: $work/ca.crt holds no private key in PEM form" \
	"private-key: $work/ca.crt"
chmod 600 "$work/ca.crt"
check "a key for a certificate" wrong \
	"certificate: $work/server.key holds no certificate in PEM form" \
	"certificate: $work/server.key"
head -c 3000 /dev/urandom >"$work/random"
chmod 600 "$work/random"
check "random bytes for a certificate" wrong \
	"certificate: $work/random " "certificate: $work/random"
check "random bytes for a key" wrong "private-key: $work/random " \
	"private-key: $work/random"
: >"$work/empty"
chmod 600 "$work/empty"
check "an empty key file" wrong \
	"private-key: $work/empty holds no private key in PEM form" \
	"private-key: $work/empty"
check "an empty certificate file" wrong \
	"certificate: $work/empty holds no certificate in PEM form" \
	"certificate: $work/empty"
openssl x509 -in "$work/server.crt" -outform DER -out "$work/der"
check "a certificate in DER form" wrong \
	"certificate: $work/der is neither PEM nor PKCS#12" \
	"certificate: $work/der"
truncate -s 33M "$work/huge"
check "a file that is too large" wrong \
	"certificate: cannot read $work/huge: more than 32 MiB" \
	"certificate: $work/huge"
openssl req -x509 -newkey rsa:1024 -nodes -keyout "$work/short.key" \
	-subj /CN=short -out "$work/short.crt" 2>/dev/null
chmod 600 "$work/short.key"
check "a key that OpenSSL takes for too weak" wrong \
	"certificate: $work/short.crt: OpenSSL refuses it: ee key too small" \
	"certificate: $work/short.crt" "private-key: $work/short.key"
openssl x509 -req -in "$work/server.csr" -CA "$work/ca.crt" \
	-CAkey "$work/ca.key" -not_before 21000101000000Z \
	-not_after 21000102000000Z -out "$work/early.crt" 2>/dev/null
check "a certificate that is not valid yet" wrong \
	"certificate: certificate CN=localhost is not valid before 2100-01-01T00:00:00Z" \
	"certificate: $work/early.crt"
cat "$work/server.crt" "$work/expired.crt" >"$work/chained.crt"
stale_chain() {
	config "certificate: $work/chained.crt"
	checked 2 "warning: certificate 2 of $work/chained.crt (CN=payments,O=ACME) did not issue the one before it" \
		"certificate CN=payments,O=ACME expired on 2020-01-02T00:00:00Z"
}
check "a chain with a certificate that is not of it, and expired" stale_chain

ALGORITHM=ed25519 issue ed /CN=ed ca subjectAltName=DNS:localhost
check "Ed25519" fine "certificate: $work/ed.crt" "private-key: $work/ed.key"
cat "$work/server.crt" "$work/server.key" >"$work/both.pem"
chmod 600 "$work/both.pem"
check "both in one file" fine "certificate: $work/both.pem" \
	"private-key: $work/both.pem"
issue large /CN=large ca "subjectAltName=$(python3 -c 'print(",".join(
	f"DNS:{i:04}.a-long-name.example.com" for i in range(700)))')"
check "a certificate of 16 KB" fine "certificate: $work/large.crt" \
	"private-key: $work/large.key"
cp "$work/ca.crt" "$work/link0.crt"
for i in $(seq 29); do
	openssl x509 -new -subj "/CN=link$i" -force_pubkey "$work/ca.key" \
		-CA "$work/link$((i - 1)).crt" -CAkey "$work/ca.key" -days 99 \
		-extfile <(echo basicConstraints=critical,CA:TRUE) \
		-out "$work/link$i.crt"
done 2>/dev/null
cp "$work/ca.key" "$work/link29.key"
issue thirty /CN=thirty link29 subjectAltName=DNS:localhost
for i in $(seq 29 -1 1); do cat "$work/link$i.crt"; done >>"$work/thirty.crt"
check "a chain of thirty" fine "certificate: $work/thirty.crt" \
	"private-key: $work/thirty.key"
check "all of it is told" eval \
	'[ "$(grep -c "    with CN=link" "$work/checked")" = 29 ]'

# --- PKCS#12 -----------------------------------------------------------------

p12() { # p12 NAME OPTION...: the server's, in $work/NAME.p12
	local name=$1
	shift
	openssl pkcs12 -export -in "$work/server.crt" \
		-out "$work/$name.p12" "$@" && chmod 600 "$work/$name.p12"
}
p12 store -inkey "$work/server.key" -passout pass:secret -certfile "$work/ca.crt"
p12 open -inkey "$work/server.key" -passout pass:
p12 certificates -nokeys -passout pass:secret
check "PKCS#12" fine "certificate: $work/store.p12" \
	"private-key: $work/store.p12" "passphrase-file: $work/secret"
check "its chain" grep -q "with CN=test-ca of CN=test-ca" "$work/checked"
check "PKCS#12 for the key alone" fine "private-key: $work/store.p12" \
	"passphrase-file: $work/secret"
check "PKCS#12 without a passphrase" fine "certificate: $work/open.p12" \
	"private-key: $work/open.p12"
check "PKCS#12 without its passphrase" wrong \
	"private-key: $work/store.p12 is encrypted: name the file with its passphrase by passphrase-file" \
	"private-key: $work/store.p12"
check "PKCS#12 with a wrong passphrase" wrong \
	"private-key: $work/store.p12 does not open with the passphrase in $work/other" \
	"private-key: $work/store.p12" "passphrase-file: $work/other"
check "PKCS#12 without a key" wrong \
	"private-key: $work/certificates.p12 holds no private key" \
	"private-key: $work/certificates.p12" "passphrase-file: $work/secret"
check "PKCS#12 for the certificates alone" fine \
	"certificate: $work/certificates.p12" "passphrase-file: $work/secret"
head -c 700 "$work/store.p12" >"$work/half.p12"
chmod 600 "$work/half.p12"
check "half a PKCS#12 file" wrong \
	"private-key: $work/half.p12 is neither PEM nor PKCS#12" \
	"private-key: $work/half.p12" "passphrase-file: $work/secret"
keytool -genkeypair -alias kafka -keyalg EC -dname CN=java -storetype PKCS12 \
	-keystore "$work/java.p12" -storepass secret 2>/dev/null
chmod 600 "$work/java.p12"
check "a keystore of Java's" fine "certificate: $work/java.p12" \
	"private-key: $work/java.p12" "passphrase-file: $work/secret"
# Made by another OpenSSL, for this one may lack what it is encrypted with:
# RC2 of 40 bits for the certificates.
p12 rc2 -inkey "$work/server.key" -passout pass:secret -legacy \
	-provider legacy -provider default 2>/dev/null
if [ -s "$work/rc2.p12" ]; then
	check "PKCS#12 of old programs" wrong \
		"is encrypted in the way of old programs (RC2 or DES)" \
		"private-key: $work/rc2.p12" "passphrase-file: $work/secret"
fi

# --- several pairs -----------------------------------------------------------

ALGORITHM=rsa issue rsa /CN=rsa ca subjectAltName=DNS:localhost
issue other-name /CN=other-name ca subjectAltName=DNS:other.example.com
more() { # more NAME [FILE]: one more pair of the gate
	echo "      - certificate: $work/$1.crt"
	echo "        private-key: $work/${2:-$1}.key"
}
pairs() { # pairs NAME...: the server's and these
	config
	echo "    certificates:" >>"$work/gates.yaml"
	local name
	for name; do more "$name" >>"$work/gates.yaml"; done
}
three() {
	pairs rsa other-name
	checked 0 "certificate CN=localhost" "key EC 256 bits" \
		"certificate CN=rsa" "key RSA 2048 bits" "certificate CN=other-name"
}
check "three pairs" three
rivals() {
	issue same /CN=same ca subjectAltName=DNS:x.example.com,DNS:LocalHost
	pairs same
	checked 1 "warning: $work/same.crt is not shown to clients that ask for localhost: $work/server.crt has that name and a key of the same type (EC), and stands first"
}
check "two of one name and type" rivals
wild() {
	issue wild /CN=wild ca 'subjectAltName=DNS:*.example.com'
	pairs wild other-name
	checked 1 "is not shown to clients that ask for"
}
check "a wildcard and a name of it" wild
second() {
	config
	{ echo "    certificates:"; more rsa other-name; } >>"$work/gates.yaml"
	checked 2 "gates.yaml:$(wc -l <"$work/gates.yaml"): private-key: $work/other-name.key does not match certificate $work/rsa.crt (CN=rsa)"
}
check "a wrong key of the second is told with its line" second
while IFS='|' read -r value sentence; do
	check "certificates: $value" wrong "$sentence" "certificates: $value"
done <<X
$work/rsa.crt|certificates: must be a list of mappings
[$work/rsa.crt]|pair of certificate and key must be a mapping of keys
[{certificate: $work/rsa.crt}]|private-key: missing in this pair of certificate and key
[{certificate: rsa.crt, private-key: $work/rsa.key}]|certificate: 'rsa.crt' is not an absolute path
[{certificate: $work/rsa.crt, private-key: rsa.key}]|private-key: 'rsa.key' is neither an absolute path nor a pkcs11: URI
[{certificate: $work/rsa.crt, private-key: $work/rsa.key, name: x}]|name: unknown key, known here: certificate, private-key, passphrase-file
X
many() {
	# shellcheck disable=SC2046 # words of one name
	pairs $(yes rsa | head -n 32)
	checked 2 "certificates: more than 32 with that of the gate itself"
}
check "too many pairs" many
json_pairs() {
	pairs rsa other-name
	"$ktlsgated" --check "$work/gates.yaml" --json >"$work/check.json" &&
		jq -e '.gates[0].certificates | length == 3 and
		.[1].subject == "CN=rsa" and .[1]."key-type" == "RSA" and
		.[2].names == ["other.example.com"] and
		.[2]."seconds-left" > 2000000' "$work/check.json"
}
check "--json tells all of them" json_pairs

# --- CAs ---------------------------------------------------------------------

check "an empty CA file" wrong \
	"client-ca: $work/empty holds no certificate in PEM form" \
	"client-ca: $work/empty"
{ echo "A comment, as bundles have it."; cat "$work/ca.crt"; echo "# more"
  cat "$work/other-ca.crt"; echo "and the end"; } >"$work/commented"
check "text between certificates" fine "client-ca: $work/commented"
check "both count" grep -q "trusted: CN=test-ca; CN=other-ca" "$work/checked"
damage() { # damage SED-COMMAND: the second of three
	{ cat "$work/ca.crt"; sed "$1" "$work/other-ca.crt"
	  cat "$work/server.crt"; } >"$work/damaged"
}
line=$(($(wc -l <"$work/ca.crt") + 1))
while IFS='|' read -r what command sentence; do
	damage "$command"
	check "$what between good ones" wrong "client-ca: $sentence" \
		"client-ca: $work/damaged"
done <<X
rubbish|2s/.*/&@@@@/|certificate 2 of $work/damaged (line $line) is damaged: bad base64 decode
a certificate cut short|3d|certificate 2 of $work/damaged (line $line) is damaged
no END line|\$d|$work/damaged has 3 BEGIN and 2 END lines of certificates, but 2 can be read
a damaged END line|\$s/END/EMD/|$work/damaged has 3 BEGIN and 2 END lines of certificates, but 2 can be read
a damaged BEGIN line|1s/BEGIN/BEGUN/|$work/damaged has 2 BEGIN and 3 END lines of certificates, but 2 can be read
X
mkdir "$work/folder"
check "an empty folder" wrong "client-ca: folder $work/folder has no file in it" \
	"client-ca: $work/folder"
cp "$work/ca.crt" "$work/folder/.hidden"
check "one with a hidden file" wrong \
	"client-ca: folder $work/folder has no file in it" \
	"client-ca: $work/folder"
cp "$work/ca.crt" "$work/folder/b.pem"
cp "$work/other-ca.crt" "$work/folder/a.pem"
mkdir "$work/folder/c"
ln -s b.pem "$work/folder/0a1b2c3d.0"
check "one with two CAs, one of them twice" fine "client-ca: $work/folder"
check "each counts once" grep -q "trusted: CN=test-ca; CN=other-ca$" \
	"$work/checked"
echo "read me" >"$work/folder/README"
check "a file of the folder without a certificate" wrong \
	"client-ca: $work/folder/README holds no certificate in PEM form" \
	"client-ca: $work/folder"
ln -sf /nowhere "$work/folder/README"
check "a link in the folder to nowhere" wrong \
	"client-ca: cannot read $work/folder/README: No such file" \
	"client-ca: $work/folder"
mkdir -p "$work/volume/..1"
cp "$work/ca.crt" "$work/volume/..1/"
ln -s ..1 "$work/volume/..data"
ln -s ..data/ca.crt "$work/volume/ca.crt"
check "a volume of Kubernetes" fine "client-ca: $work/volume"
check "counts once" grep -q "trusted: CN=test-ca$" "$work/checked"
check "a certificate of no CA is warned of" warned \
	"certificate CN=stranger is not a CA's (basicConstraints without CA:TRUE): it is trusted for itself alone" \
	"client-ca: $work/stranger.crt"
issue no-sign /CN=no-sign ca basicConstraints=critical,CA:TRUE \
	keyUsage=critical,cRLSign
check "a CA that may not sign is warned of" warned \
	"certificate CN=no-sign may not issue any (keyUsage without keyCertSign): clients of this CA will be refused" \
	"client-ca: $work/no-sign.crt"
check "an expired one is warned of" eval \
	'config "client-ca: $work/expired.crt"
	 checked 1 "warning: certificate CN=payments,O=ACME expired on"'

# --- URIs of tokens ----------------------------------------------------------

while IFS='|' read -r uri sentence; do
	check "private-key: $uri" wrong "private-key: $sentence" \
		"private-key: \"$uri\""
done <<'X'
pkcs11:object=a?pin-value=4711|a PIN has no place in the configuration
pkcs11:object=a?pin-source=pin|pin-source 'pin' is not the absolute path of a file
pkcs11:object=a?pin-sauce=/pin|'pin-sauce' is not known after the '?' of a pkcs11: URI
X
check "a PIN in the configuration is not told" eval \
	'wrong "a PIN has no place" "private-key: \"pkcs11:object=a?pin-value=4711\"" >/dev/null
	 not grep -q 4711 "$work/checked"'
check "a PIN that is named twice" wrong \
	"pin-source in the URI and passphrase-file name the PIN twice" \
	"private-key: \"pkcs11:object=a?pin-source=/pin\"" \
	"passphrase-file: $work/secret"
