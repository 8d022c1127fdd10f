# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Private keys on a PKCS#11 token, which is SoftHSM's.

module=$(find /usr/lib -name libsofthsm2.so -print -quit)
provider=$(find /usr/lib -path '*ossl-modules/pkcs11.so' -print -quit)
if [ -z "$module" ] || [ -z "$provider" ] || ! type softhsm2-util pkcs11-tool \
	>/dev/null 2>&1; then
	number=$((number + 1))
	echo "ok $number - tokens # SKIP no softhsm2, opensc or pkcs11-provider in this guest"
	return
fi
mkdir -p "$work/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
	"$work/tokens" >"$work/softhsm2.conf"
export SOFTHSM2_CONF=$work/softhsm2.conf
softhsm2-util --init-token --free --label kafka --so-pin 12345678 --pin 4711 \
	>/dev/null
for type in ec rsa; do
	ALGORITHM=$type issue "token-$type" "/CN=token-$type" ca \
		subjectAltName=DNS:localhost
	id=$((id + 1))
	softhsm2-util --import "$work/token-$type.key" --token kafka \
		--label "$type" --id "0$id" --pin 4711 >/dev/null
	rm "$work/token-$type.key"
done
echo 4711 >"$work/pin"
echo 1234 >"$work/bad-pin"
chmod 600 "$work/pin" "$work/bad-pin"

# uri OBJECT [TOKEN]: for a value in YAML
uri() { echo "'pkcs11:token=${2:-kafka};object=$1?module-path=$module'"; }
refused_key() { # refused_key SENTENCE KEY: VALUE...
	local sentence=$1
	shift
	config "certificate: $work/token-ec.crt" "$@"
	checked 2 "$sentence" "1 errors, 0 warnings"
}
with_pin=("passphrase-file: $work/pin")
good_key() { config "certificate: $work/token-$1.crt" "${@:2}"; checked 0; }
check "an EC key" good_key ec "private-key: $(uri ec)" "${with_pin[@]}"
check "an RSA key" good_key rsa "private-key: $(uri rsa)" "${with_pin[@]}"
check "a PIN in the URI's pin-source" good_key ec \
	"private-key: 'pkcs11:token=kafka;id=%01;type=private?pin-source=file:$work/pin&module-path=$module'"
check "a key of another type" refused_key \
	"does not serve certificate $work/token-ec.crt (CN=token-ec): it is of another type (RSA)" \
	"private-key: $(uri rsa)" "${with_pin[@]}"
other_key() {
	config "private-key: $(uri ec)" "${with_pin[@]}"
	checked 2 "does not serve certificate $work/server.crt (CN=localhost): it is not the certificate's, for what the token signs does not verify"
}
check "another key of that type" other_key
check "no such key" refused_key \
	"object=none?module-path=$module: the token has no such private key" \
	"private-key: $(uri none)" "${with_pin[@]}"
check "no such token" refused_key \
	"no such private key, and no such token that would ask for a PIN" \
	"private-key: $(uri ec none)" "${with_pin[@]}"
check "no PIN" refused_key \
	"the token wants a PIN: put it into a file and name that by passphrase-file" \
	"private-key: $(uri ec)"
check "a wrong PIN" refused_key \
	"the token refuses the PIN in $work/bad-pin, and locks itself after some more of such" \
	"private-key: $(uri ec)" "passphrase-file: $work/bad-pin"
check "is not told" not grep -q 1234 "$work/checked"
check "no module" refused_key \
	"/nowhere.so is no PKCS#11 module that can be used" \
	"private-key: 'pkcs11:object=ec?module-path=/nowhere.so'" \
	"${with_pin[@]}"
no_provider() {
	OPENSSL_MODULES=/nowhere refused_key \
		"OpenSSL cannot load its provider for PKCS#11: install pkcs11-provider" \
		"private-key: $(uri ec)" "${with_pin[@]}"
}
check "no provider" no_provider
pkcs11-tool --module "$module" --login --pin 4711 --read-object --type pubkey \
	--label ec -o "$work/public" >/dev/null 2>&1
pkcs11-tool --module "$module" --login --pin 4711 --delete-object \
	--type pubkey --label ec >/dev/null 2>&1
check "no public key" refused_key \
	"the token has no public key of the same ID, which OpenSSL needs" \
	"private-key: $(uri ec)" "${with_pin[@]}"
pkcs11-tool --module "$module" --login --pin 4711 --write-object \
	"$work/public" --type pubkey --label ec --id 01 >/dev/null 2>&1

agent agent
shows() { # shows NAME OPTION...
	openssl s_client -connect 127.0.0.1:9092 "${@:2}" </dev/null \
		2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253 |
		grep -qx "subject=CN=$1"
}
WORKERS=4 config "certificate: $work/token-ec.crt" "private-key: $(uri ec)" \
	"${with_pin[@]}" "certificates: [{certificate: $work/token-rsa.crt, private-key: $(uri rsa), passphrase-file: $work/pin}]"
check "the helper starts with both keys" helper_start
check "the EC key signs" shows token-ec -sigalgs ecdsa_secp256r1_sha256
check "the RSA key signs" shows token-rsa -sigalgs rsa_pss_rsae_sha256
check "the RSA key signs for TLS 1.2" shows token-rsa -tls1_2 \
	-sigalgs rsa_pkcs1_sha256
check "clients pass" mtls_echo
many() { # from all workers at once
	local i pids=()
	for i in $(seq 12); do
		OUT=many$i mtls --count 5 >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	for i in $(seq 12); do
		jq -e '.echo and (.error | not)' "$work/many$i.json" || return 1
	done
}
check "sixty, twelve at once" many
check "no PIN in the log" not grep -q 4711 "$work/helper.log"
