# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# --check: what is wrong is told with file, line and key, all of it at once.

# with LINE SENTENCE: the one gate with a bad value says so, and in its line
with() {
	local sentence=$1 key=${2%%:*} line
	shift
	config "$@"
	line=$(grep -n "^ *-\? *$key:" "$work/gates.yaml" | head -n 1)
	checked 2 "gates.yaml:${line%%:*}: $key: $sentence"
}

config
check "a good file" checked 0 "certificate CN=localhost of CN=test-ca" \
	"client certificate required, trusted: CN=test-ca"
check "a good file says nothing wrong" not grep -q gates.yaml: "$work/checked"

while IFS='|' read -r value sentence; do
	check "$value" with "$sentence" "$value"
done <<'X'
client-auth: require|'require' is not one of required, requested, none
port: 0|0 is not within 1 to 65535
port: 65536|65536 is not within 1 to 65535
port: -1|'-1' is not a number
port: kafka|'kafka' is not a number
port: "9092"|"9092" in quotes is text, not a number
port: 99999999999999999999|99999999999999999999 is not within 1 to 65535
port: [9092]|must be a single value, not a list
address: 10.0.0|'10.0.0' is not an IPv4 or IPv6 address
steering: yes|'yes' is not one of true, false
listen-port: 9443|only without steering
tls-profile: default|'default' is not one of golang-default, old, intermediate, modern
tls-min-version: "1.1"|'1.1' is not one of 1.2, 1.3
handshake-timeout: 10|'10' is not a duration such as 500ms, 10s or 2m
handshake-timeout: 1h|'1h' is not a duration such as 500ms, 10s or 2m
handshake-timeout: 1ms|1ms is not within 100ms to 300s
agent-wait: 301s|301s is not within 0ms to 300s
max-handshakes: 0|0 is not within 1 to 1000000
plaintext-from: 10.0.0.0/8|must be a list, such as [10.0.0.0/8, ::1]
plaintext-from: [10.0.0.1/8]|'10.0.0.1/8' is not an address or a prefix
plaintext-from: [fe80::/129]|'fe80::/129' is not an address or a prefix
plaintext-from: [somewhere]|'somewhere' is not an address or a prefix
certificate: tls.crt|'tls.crt' is not an absolute path
certificate: /nowhere/tls.crt|cannot read /nowhere/tls.crt: No such file or directory
private-key: /tmp|cannot read /tmp: not a regular file
client-ca: /dev/null|cannot read /dev/null: not a regular file
certificat: x|unknown key, known here: name, port,
X

long() {
	config "name: 12345678901234567890123456789012"
	checked 2 "gates.yaml:3: name: '12345678901234567890123456789012' is longer than 31 bytes"
}
check "a long name" long
both() {
	config "port: 0" "client-auth: maybe" "colour: red"
	checked 2 "0 is not within" "'maybe' is not one of" \
		"colour: unknown key" "3 errors, 0 warnings"
}
check "all errors are told at once" both
twice() {
	config
	echo "    port: 9093" >>"$work/gates.yaml"
	checked 2 "port: given twice, first in line"
}
check "a key given twice" twice
missing() {
	printf 'gates:\n  - name: kafka\n' >"$work/gates.yaml"
	checked 2 "gates.yaml:2: port: missing in this gate" \
		"gates.yaml:2: certificate: missing in this gate"
}
check "missing keys" missing
same() {
	config
	gate_yaml >>"$work/gates.yaml"
	checked 2 "'kafka' is the name of another gate, too" \
		"9092 is the port of gate kafka, too"
}
check "two gates of one name and port" same
syntax() { printf 'gates:\n  - [\n' >"$work/gates.yaml"; checked 2 "not YAML"; }
check "no YAML" syntax
empty() { : >"$work/gates.yaml"; checked 2 "is empty"; }
check "an empty file" empty
second_document() {
	config
	printf -- '---\ngates: []\n' >>"$work/gates.yaml"
	checked 2 "a second YAML document begins here"
}
check "a second document" second_document
absent() { rm "$work/gates.yaml"; checked 2 "cannot read"; }
check "no file" absent
unsteered() { config "steering: false"; checked 2 "needed when steering is false"; }
check "no listen-port without steering" unsteered
versions() {
	config 'tls-min-version: "1.3"' 'tls-max-version: "1.2"'
	checked 2 "tls-min-version: 1.3 is above tls-max-version"
}
check "versions the wrong way round" versions

mismatch() {
	config "private-key: $work/ca.key"
	checked 2 "private-key: $work/ca.key does not match certificate $work/server.crt (CN=localhost)"
}
check "a key of another certificate" mismatch
encrypted() {
	openssl pkey -in "$work/server.key" -aes256 -passout pass:secret \
		-out "$work/locked.key"
	config "private-key: $work/locked.key"
	checked 2 "private-key: $work/locked.key is encrypted"
}
check "an encrypted key" encrypted
no_pem() {
	echo nothing >"$work/nothing"
	config "client-ca: $work/nothing"
	checked 2 "client-ca: $work/nothing holds no certificate in PEM form"
}
check "a CA file without certificates" no_pem
damaged() {
	{ cat "$work/ca.crt"; sed 's/^MII/MIX/' "$work/other-ca.crt"
	  cat "$work/other-ca.crt"; } >"$work/damaged"
	config "client-ca: $work/damaged"
	checked 2 "client-ca: certificate 2 of $work/damaged (line "
}
check "a damaged certificate between good ones" damaged
expired() {
	config "certificate: $work/expired.crt" "private-key: $work/expired.key"
	checked 2 "certificate CN=payments,O=ACME expired on 2020-01-02T00:00:00Z"
}
check "an expired certificate" expired
soon() {
	DAYS=3 issue soon /CN=soon ca subjectAltName=DNS:localhost
	config "certificate: $work/soon.crt" "private-key: $work/soon.key"
	checked 1 "warning: certificate CN=soon ends in "
}
check "one that ends soon is warned of" soon
open_key() {
	cp "$work/server.key" "$work/open.key"
	chmod 644 "$work/open.key"
	config "private-key: $work/open.key"
	checked 1 "is open to others (mode 0644)"
}
check "a key that everyone may read is warned of" open_key
store() {
	config
	sed -i '/client-ca/d' "$work/gates.yaml"
	checked 1 "client-ca: warning: not given: any certificate that the system's trust store vouches for would pass"
}
check "the system's trust store is warned of" store
client_cert() {
	config "certificate: $work/client.crt" "private-key: $work/client.key"
	checked 1 "is not meant for servers"
}
check "a client's certificate for a server is warned of" client_cert
all_plain() {
	config "plaintext-from: [0.0.0.0/0]"
	checked 1 "everyone may speak plaintext to the agent"
}
check "an exemption for everyone is warned of" all_plain

json_check() {
	config "client-auth: nobody"
	"$ktlsgated" --check "$work/gates.yaml" --json >"$work/check.json"
	[ $? = 2 ] && jq -e '.result == "errors" and .errors == 1 and
		.findings[0].key == "client-auth" and
		.findings[0].gate == "kafka"' "$work/check.json" || return 1
	config
	"$ktlsgated" --check "$work/gates.yaml" --json >"$work/check.json" &&
		jq -e '.result == "ok" and
		.gates[0].certificate.subject == "CN=localhost" and
		.gates[0].certificate."key-matches" and
		.gates[0].certificate."seconds-left" > 2000000 and
		.gates[0]."client-ca".certificates[0].subject == "CN=test-ca"' \
		"$work/check.json"
}
check "--json tells the same" json_check
usage() { not "$ktlsgated" --json && not "$ktlsgated" --nonsense; }
check "bad arguments are refused" usage
not_started() {
	config "client-auth: nobody"
	not "$ktlsgated" -c "$work/gates.yaml" 2>"$work/err"
	cat "$work/err"
	grep -q "client-auth: 'nobody' is not one of" "$work/err" &&
		grep -q "not started" "$work/err"
}
check "the helper does not start with a wrong file" not_started
