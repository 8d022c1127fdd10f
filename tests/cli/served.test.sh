# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# ktlsgate doctor beside a helper that serves a gate

export PATH="$tree/build/guest/userspace:$PATH"
yaml=$work/gates.yaml

finds() { # finds LEVEL CHECK TEXT
	jq -e --arg l "$1" --arg c "$2" --arg t "$3" 'any(.findings[];
		.level == $l and .check == $c and (.message | contains($t)))' \
		<<<"$out" >/dev/null
}

certificate() { # certificate NAME NOT-AFTER
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/$1.key" -out "$work/$1.crt" -subj "/CN=$1" \
		-not_before 20260101000000Z -not_after "$2" 2>/dev/null
	chmod 600 "$work/$1.key"
}
in_days() { date -u -d "now + $1 days + 1 hour" +%Y%m%d%H%M%SZ; }

config() { # config CERTIFICATE KEY NAME PORT [MORE]
	cat >"$yaml" <<-END
	gates:
	  - name: $3
	    port: $4
	    certificate: $work/$1.crt
	    private-key: $work/$2.key
	    client-ca: $work/good.crt
	    ${5-}
	END
}
gate_is_there() { "$cli" gate show "$1" >/dev/null 2>&1; }

certificate good "$(in_days 90)"
certificate soon "$(in_days 6)"
certificate old 20260102000000Z
config good good kafka 9092

gate -j doctor "$yaml"
finds fail helper 'ktlsgated does not run'
ok 'a helper that does not run'
finds fail agreement 'gate kafka is in the configuration but not in the kernel'
ok 'a gate that nobody made'
finds fail steering 'steering is not attached'
ok 'no steering'

ktlsgated -c "$yaml" 2>"$work/helper.log" &
helper=$!
until_true gate_is_there kafka
agent_start
agent '["listen", 9092]'
gate -j doctor "$yaml"
finds ok steering 'gate kafka: port 9092 is steered to '
ok 'steering that leads to the helper'
finds ok certificate 'gate kafka: certificate CN=good is good for 90 days'
ok 'a certificate that is good'
finds ok helper "ktlsgated runs, process $helper"
ok 'a helper that runs'
finds ok config "configuration $yaml is valid"
ok 'a configuration that is valid'
finds ok listener 'gate kafka: the agent listens on port 9092 (ipv4)'
ok 'an agent that listens'
[ "$code" = 0 ] && json '.failed == 0 and .warnings == 0'
ok 'all is well: 0'
gate doctor "$yaml"
[ "$code" = 0 ] && [ "$(tail -n 1 <<<"$out")" = 'all is well' ]
ok 'and the last line says so'

gate -j gate show kafka
went_well && json '.[0].in_force | .certificate.subject == "CN=good" and
	."client-auth" == "required" and ."tls-profile" == null'
ok 'gate show tells what the helper has in force'
config good good kafka 9092 'tls-profile: golang-default'
gate -j doctor "$yaml"
finds warn config 'golang-default promises what clients do not get here: ECDHE-ECDSA-AES128-SHA' &&
	json 'all(.findings[] | select(.level == "warn"); .action | contains("relay"))'
ok 'what a profile lacks for want of relay: a warning'
config good good kafka 9092 'tls-profile: old'
gate -j doctor "$yaml"
if openssl ciphers -s -tls1 DES-CBC3-SHA:@SECLEVEL=0 >/dev/null 2>&1; then
	[[ $out != *promises* ]]
else
	[ "$code" = 0 ] && finds info config 'DES-CBC3-SHA (this OpenSSL has no 3DES'
fi
ok 'what it lacks for want of another OpenSSL: worth knowing'
kill -HUP $helper
profile_is() { "$cli" -j gate show kafka | jq -e --arg p "$1" \
	'.[0].in_force."tls-profile" == $p' >/dev/null; }
until_true profile_is old
ok 'a reload puts it in force, and gate show tells it'

gate gate add stray port 9099
gate -j doctor "$yaml"
finds warn agreement 'gate stray is in the kernel but not in '
ok 'a gate that the configuration does not have'
gate gate del stray

config soon soon kafka 9092
gate -j doctor "$yaml"
[ "$code" = 1 ] && json '.failed == 0 and .warnings == 1' &&
	finds warn config 'certificate CN=soon ends in 6 days'
ok 'a certificate that ends soon: a warning ends with 1'
config good good kafka 9092
sed -i '/client-auth/d; /client-ca/d' "$yaml"
gate -j doctor "$yaml"
[ "$code" = 1 ] && finds warn config \
	"not given: any certificate that the system's trust store vouches for would pass"
ok "clients with any public certificate: a warning"
config old old kafka 9092
gate -j doctor "$yaml"
[ "$code" = 2 ] && finds fail config 'certificate CN=old expired on 2026-01-02'
ok 'a certificate that has ended'
config good soon kafka 9092
gate -j doctor "$yaml"
finds fail config "does not match certificate"
ok 'a key that is not the certificate'\''s'
config good good kafka 9093
gate -j doctor "$yaml"
finds warn agreement 'the kernel has port 9092, the configuration 9093' &&
	finds fail steering 'gate kafka: port 9093 is not steered' &&
	finds warn steering 'port 9092 is steered for gate kafka, which'
ok 'a port that changed and was not reloaded'
echo 'gates: [' >"$yaml"
gate -j doctor "$yaml"
finds fail config "$yaml"
ok 'a configuration that is not YAML'
gate -j doctor "$work/nonesuch.yaml"
finds fail config nonesuch.yaml
ok 'a configuration that is not there'

config good good kafka 9092
kill -9 $helper
wait $helper 2>/dev/null
gate -j gate show kafka
json '.[0] | has("in_force") | not'
ok 'a helper that was killed has nothing in force'
gate -j doctor "$yaml"
finds fail helper 'ktlsgated does not run' &&
	finds fail steering 'no socket of ktlsgated is there: clients are refused'
ok 'a helper that was killed'
ktlsgated --detach >/dev/null
gate -j doctor "$yaml"
finds fail steering 'steering is not attached'
ok 'steering that was taken away'

agent_stop
gate gate del kafka
