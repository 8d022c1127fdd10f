# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Files that change while the helper serves, without a signal: what is good is
# in force by itself, what is not is refused and the old stays.

agent agent
rotating=$work/rotating
mkdir "$rotating" "$rotating/cas"
# place NAME FILE: by another name first, as cert-manager and others do it
place() {
	cp -p "$work/$1" "$rotating/.new"
	mv "$rotating/.new" "$rotating/$2"
}
shows() { # shows NAME [OPTION...]
	openssl s_client -connect 127.0.0.1:9092 "${@:2}" </dev/null \
		2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253 |
		grep -qx "subject=CN=$1"
}
rsa=(-sigalgs rsa_pss_rsae_sha256)
fresh() { # fresh NAME [TYPE]
	ALGORITHM=${2:-ec} issue "$1" "/CN=$1" ca subjectAltName=DNS:localhost
}
fresh first
fresh first-rsa rsa
for file in crt key; do
	place "first.$file" "tls.$file"
	place "first-rsa.$file" "rsa.$file"
done
place ca.crt cas/a.pem
config "cut-refused: false" "certificate: $rotating/tls.crt" "private-key: $rotating/tls.key" \
	"client-ca: $rotating/cas" \
	"certificates: [{certificate: $rotating/rsa.crt, private-key: $rotating/rsa.key, passphrase-file: $rotating/secret}]"
echo secret >"$rotating/secret"
chmod 600 "$rotating/secret"
check "the helper starts" helper_start
check "the first pair" shows first
check "the second" shows first-rsa "${rsa[@]}"
mkfifo "$work/go-on"
OUT=through mtls --hold "$work/go-on" --timeout 600 >/dev/null &
through=$!
wait_for 60 grep -q "read b'hello gate'" "$work/agent.seen"

# --- pairs -------------------------------------------------------------------

fresh second-rsa rsa
place second-rsa.key rsa.key
mismatch() { logged "private-key: $rotating/rsa.key does not match certificate $rotating/rsa.crt (CN=first-rsa)"; }
check "the second pair's key comes first: refused" wait_for 60 mismatch
check "the old one stays" shows first-rsa "${rsa[@]}"
place second-rsa.crt rsa.crt
check "with its certificate it is in force" wait_for 60 shows second-rsa "${rsa[@]}"
check "the first pair is as it was" shows first

fresh locked rsa
openssl pkey -in "$work/locked.key" -aes256 -passout pass:another \
	-out "$work/locked-key"
chmod 600 "$work/locked-key"
place locked.crt rsa.crt
place locked-key rsa.key
undisclosed() { logged "$rotating/rsa.key is encrypted, and not with the passphrase in $rotating/secret"; }
check "an encrypted key whose passphrase is not there yet" wait_for 60 undisclosed
check "the old one stays" shows second-rsa "${rsa[@]}"
echo another >"$rotating/secret"
check "with its passphrase, written in place, it is in force" wait_for 60 \
	shows locked "${rsa[@]}"

fresh store rsa
openssl pkcs12 -export -inkey "$work/store.key" -in "$work/store.crt" \
	-passout pass:another -out "$work/store.p12"
chmod 600 "$work/store.p12"
place store.p12 rsa.key
place store.p12 rsa.crt
check "PKCS#12 in the place of PEM" wait_for 60 shows store "${rsa[@]}"

fresh changed ed25519
place changed.key tls.key
place changed.crt tls.crt
check "another type of key" wait_for 60 shows changed -sigalgs ed25519
check "clients pass" mtls_echo

place expired.key tls.key
place expired.crt tls.crt
check "an expired pair is refused" wait_for 60 logged "expired on 2020-01-02"
check "the old one stays" shows changed -sigalgs ed25519

fresh early
when=$(date -u -d '+45 seconds' +%Y%m%d%H%M%SZ)
openssl x509 -req -in "$work/early.csr" -CA "$work/ca.crt" \
	-CAkey "$work/ca.key" -extfile "$work/ext" -not_before "$when" \
	-not_after 21000101000000Z -out "$work/early.crt" 2>/dev/null
place early.key tls.key
place early.crt tls.crt
check "a pair that is not valid yet is refused" wait_for 60 logged \
	"certificate CN=early is not valid before"
check "the old one stays meanwhile" shows changed -sigalgs ed25519
check "when its time has come it is in force" wait_for 120 shows early

fresh in-place
cat "$work/in-place.crt" >"$rotating/tls.crt"
cat "$work/in-place.key" >"$rotating/tls.key"
check "files that are written in place" wait_for 60 shows in-place
echo rubbish >"$rotating/tls.crt"
check "rubbish is refused" wait_for 60 logged \
	"$rotating/tls.crt holds no certificate in PEM form"
rm "$rotating/tls.crt"
check "no file is refused" wait_for 60 logged \
	"cannot read $rotating/tls.crt: No such file or directory"
check "the old one stays" shows in-place
before=$(log_lines "they are in force")
place in-place.crt tls.crt
again() { [ "$(log_lines "they are in force")" -gt "$before" ]; }
check "it comes again" wait_for 60 again

# --- CAs ---------------------------------------------------------------------

stranger() {
	client --cert "$work/stranger.crt" --key "$work/stranger.key" >/dev/null
	echoed
}
check "another CA's client does not pass" not stranger
place other-ca.crt cas/b.pem
check "with its CA in the folder it does" wait_for 60 stranger
rm "$rotating/cas/b.pem"
check "without it no more" wait_for 60 not stranger
check "ours passes" mtls_echo
: >"$rotating/cas/c.pem"
check "an empty CA file is refused" wait_for 60 logged \
	"$rotating/cas/c.pem holds no certificate in PEM form"
check "the CAs before stay" mtls_echo
cat "$work/other-ca.crt" >"$rotating/cas/c.pem"
check "written in place, it counts" wait_for 60 stranger

# As Kubernetes does it: ..data points to the newest directory.
for i in 1 2; do mkdir -p "$rotating/volume/..$i"; done
cp "$work/ca.crt" "$rotating/volume/..1/ca.crt"
cp "$work/other-ca.crt" "$rotating/volume/..2/ca.crt"
ln -s ..1 "$rotating/volume/..data"
ln -s ..data/ca.crt "$rotating/volume/ca.crt"
config "cut-refused: false" "certificate: $rotating/tls.crt" "private-key: $rotating/tls.key" \
	"client-ca: $rotating/volume"
check "a volume of Kubernetes" reload
check "the other's client does not pass" not stranger
ln -s ..2 "$rotating/volume/..new"
mv -T "$rotating/volume/..new" "$rotating/volume/..data"
check "the volume is switched: it does" wait_for 60 stranger
check "and ours does not" eval 'not mtls_echo'

echo >"$work/go-on"
wait $through
check "the live connection went through all of it" \
	jq -e .held "$work/through.json"

cp "$work/ca.crt" "$rotating/system.pem"
system() {
	helper_stop
	config "certificate: $rotating/tls.crt" "private-key: $rotating/tls.key"
	sed -i '/client-ca/d' "$work/gates.yaml"
	SSL_CERT_FILE=$rotating/system.pem SSL_CERT_DIR=/nowhere helper_start
}
check "without client-ca, with the system's store" system
check "ours passes" mtls_echo
place other-ca.crt system.pem
check "a system's store that changes is read again" wait_for 60 stranger
