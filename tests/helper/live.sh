# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Live connections end with the certificate, the CA or the rule that let them
# in, and those that would still pass notice nothing.

agent agent
agent second --port 9093

held=()
# hold NAME PORT CERTIFICATE: a connection that says every moment that it lives,
# until it ends; then $work/NAME.end has why.
hold() {
	local name=$1
	OUT=$name client --port "$2" --cert "$work/$3.crt" \
		--key "$work/$3.key" --stay >/dev/null &
	held+=($!)
	wait_for 60 grep -q established "$work/$name.err"
}
lives() { ! grep -q '"end"' "$work/$1.json"; }
ended() { wait_for 60 grep -q '"end"' "$work/$1.json"; }
told() { # told JQ-CONDITION: of an event
	wait_for 60 eval "jq -e 'select($1)' '$work/events' | grep -q ."
}
still() { # it answers after this moment
	local before
	before=$(grep -c alive "$work/$1.err")
	more() { [ "$(grep -c alive "$work/$1.err")" -gt $((before + 1)) ]; }
	wait_for 60 more "$1" && lives "$1"
}

cat "$work/ca.crt" "$work/other-ca.crt" >"$work/both.crt"
cp "$work/both.crt" "$work/trusted.crt"
config "client-ca: $work/trusted.crt"
gate_yaml "name: registry" "port: 9093" "client-ca: $work/both.crt" \
	>>"$work/gates.yaml"
check "the helper starts" helper_start
"$ktlsgate" -j monitor >"$work/events" 2>/dev/null &
monitor=$!

check "a client of the first CA" hold first 9092 client
check "one of the second" hold other 9092 stranger
check "one of the second at another gate" hold elsewhere 9093 stranger
cp "$work/ca.crt" "$work/trusted.new"
mv "$work/trusted.new" "$work/trusted.crt"
check "the second CA is trusted no more: its client is cut" ended other
check "which had the alert" grep -qi 'unknown.ca' "$work/other.json"
check "the event tells why" told '.close_reason == "refused" and
	.close_text == "issuer CN=other-ca is not trusted any more (certificate CN=stranger)"'
check "the first CA's client goes on" still first
check "and the other gate's" still elsewhere

# The same CA with a new certificate: name and key are what counts.
openssl x509 -in "$work/ca.crt" -signkey "$work/ca.key" -days 90 \
	-out "$work/renewed.crt" 2>/dev/null
mv "$work/renewed.crt" "$work/trusted.crt"
check "a CA whose certificate was renewed" wait_for 60 eval \
	'[ "$(log_lines "they are in force")" -ge 2 ]'
check "is the same CA: its client goes on" still first

config "client-ca: $work/trusted.crt" "principal-regex: CN=([a-m]+)\$"
check "a rule that has no name for the client" reload
check "it is cut, for it would not pass" ended first
check "the event tells of the rule" told '.close_reason == "refused" and
	(.close_text | contains("CN=payments"))'

# --- expiry -----------------------------------------------------------------

short() { # short NAME SECONDS: a certificate that ends then
	openssl x509 -req -in "$work/client.csr" -CA "$work/ca.crt" \
		-CAkey "$work/ca.key" -not_before 20200101000000Z \
		-not_after "$(date -u -d "+$2 seconds" +%Y%m%d%H%M%SZ)" \
		-out "$work/$1.crt" 2>/dev/null
	cp "$work/client.key" "$work/$1.key"
}
config
gate_yaml "name: registry" "port: 9093" "cut-expired: false" \
	>>"$work/gates.yaml"
check "reload" reload
short soon 30
check "a client whose certificate ends soon" hold soon 9092 soon
check "the same at a gate that lets live ones be" hold spared 9093 soon
check "one with a long one" hold long 9092 client
check "it ends with its certificate" ended soon
check "with the alert" grep -qi 'certificate.expired' "$work/soon.json"
check "the event tells why" told '.close_reason == "certificate-expired" and
	(.close_text | contains("CN=payments,O=ACME"))'
check "the spared one goes on" still spared
check "and the one with a long certificate" still long

# --- a helper that was started anew ------------------------------------------

cp "$work/both.crt" "$work/trusted.crt"
config "client-ca: $work/trusted.crt"
gate_yaml "name: registry" "port: 9093" "client-ca: $work/trusted.crt" \
	"cut-refused: false" >>"$work/gates.yaml"
check "reload with both CAs" reload
check "a client of the second CA" hold again 9092 stranger
check "and one at a gate that lets live ones be" hold kept 9093 stranger
helper_kill
cp "$work/ca.crt" "$work/trusted.crt"
check "the helper dies, the CA goes, another helper starts" helper_start
check "it cuts whom it never saw" ended again
check "but not at the gate that lets live ones be" still kept
check "nor whom it still trusts" still long

kill "${held[@]}" $monitor 2>/dev/null
wait "${held[@]}" $monitor 2>/dev/null
