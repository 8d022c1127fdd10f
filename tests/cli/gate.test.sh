# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# ktlsgate gate, and who may

unprivileged() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$cli" "$@" \
		>"$work/out" 2>"$work/err" </dev/null
	code=$?
	out=$(<"$work/out")
	err=$(<"$work/err")
}

gate gate show
went_well && [ -z "$out" ]
ok 'no gate: no output'
gate -j gate show
went_well && [ "$out" = '[]' ]
ok 'no gate: an empty array'

gate gate add kafka port 9092
went_well && [ -z "$out" ]
ok 'gate add is silent'
gate gate show
went_well && [ "$(head -n 1 <<<"$out" | tr -s ' ')" = \
	'GATE PORT ADDRESS STATE LISTENS QUEUE CONNS' ] &&
	[ "$(sed -n 2p <<<"$out" | tr -s ' ')" = 'kafka 9092 * up none 0/0 0' ]
ok 'gate show prints a heading and the gate'
[ "$(awk '{ print index($0, NR == 1 ? "PORT" : "9092") }' "$work/out" |
	sort -u | wc -l)" = 1 ]
ok 'columns stand below their headings'
gate gate
went_well && [[ $out == *kafka* ]]
ok 'show may be left out'

gate gate add kafka port 9093
refused 2 'gate add: a gate of this name exists'
ok 'a second gate of the name: the sentence of the kernel, exit code 2'
gate gate add other port 9092
refused 2 'gate add: another gate has this address and port'
ok 'a second gate on the port'
gate gate add "$(printf 'x%.0s' {1..32})" port 1
[ "$code" = 2 ] && [[ $err == *'gate add: name: '* ]]
ok 'a name of 32 bytes: the policy of the kernel, with our word'
gate gate add 'a b' port 1
refused 2 'without space'
ok 'a name with a space'
gate gate add '' port 1
[ "$code" = 2 ] && [ -n "$err" ]
ok 'an empty name'

gate gate add narrow port 9092 address 127.0.0.1
went_well
ok 'an exact address beside the wildcard one'
gate gate add six port 9092 address '[::1]' state down
went_well
ok 'an IPv6 address in brackets, down'
gate -j gate show six
went_well && json 'length == 1 and .[0].name == "six" and
	.[0].address == "::1" and .[0].state == "down" and .[0].port == 9092 and
	.[0].listener == [] and .[0].connections == 0 and
	.[0].refused_by == {}'
ok 'gate show NAME as JSON'
gate -j -p gate show six
went_well && [ "$(wc -l <<<"$out")" -gt 5 ] && json '.[0].name == "six"'
ok '-p indents'
gate gate show nonesuch
refused 4 'no gate of this name'
ok 'gate show of a gate that is not there, exit code 4'
gate -j gate show nonesuch
refused 4 'no gate of this name'
ok 'no JSON either'

gate gate set six state up address any port 9094
went_well
ok 'gate set changes'
gate -j gate show six
went_well && json '.[0] | .state == "up" and .address == "*" and .port == 9094'
ok 'what was set is there'
gate gate set six key-records 1000
went_well
gate -j gate show six
went_well && json '.[0].key_records == 1000'
ok 'gate set of the records that a key protects'
gate gate set six key-records 0
went_well
gate -j gate show six
went_well && json '.[0] | has("key_records") | not'
ok 'and back to what the cipher allows'
gate gate set six port 9092
refused 2 'another gate has this address and port'
ok 'gate set onto the port of another'
gate -j gate show six
json '.[0].port == 9094'
ok 'a refused change changes nothing'
gate gate set nonesuch state down
refused 4 'gate set: no gate of this name'
ok 'gate set of a gate that is not there'

python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 9092), backlog=7)
print(flush=True)
sys.stdin.read()' <> <(:) >"$work/listening" &
listener=$!
until_true test -s "$work/listening"
gate -j gate show narrow
json '.[0] | .listener == ["ipv4"] and .queue_max == 7'
ok 'the listener of the agent and its backlog are seen'
kill $listener
wait $listener 2>/dev/null

gate -s gate show kafka
went_well && grep -Eq '^    handoffs +0$' <<<"$out"
ok '-s prints counters'
"$cli" gate show >/dev/full 2>"$work/err"
[ $? = 2 ]
ok 'output that nobody takes is an error'

unprivileged gate show
went_well && [[ $out == *kafka* ]]
ok 'anybody may look at gates'
for words in 'gate add x port 1' 'gate set kafka state down' 'gate del kafka' \
	'conn show' 'conn kill id 1' monitor; do
	# shellcheck disable=SC2086 # words
	unprivileged $words
	refused 2 'it needs CAP_NET_ADMIN'
	ok "$words needs privilege"
done
unprivileged -n /proc/self/ns/net gate show
refused 2 'it needs CAP_SYS_ADMIN'
ok 'so does -n'

ip netns add cli-test
gate -n cli-test gate add inside port 9092
went_well
ok 'the same port in another network namespace'
gate -j -n cli-test gate show
went_well && json 'length == 1 and .[0].name == "inside"'
ok 'its gate is there alone'
gate -j -n /run/netns/cli-test gate show
went_well && json '.[0].name == "inside"'
ok 'the namespace by its path'
gate gate show inside
refused 4 'no gate of this name'
ok 'and is not here'
gate -j -n cli-test stats
went_well && json '.gates == 1'
ok 'stats of that namespace'
ip netns del cli-test

gate -j stats
went_well && json '.gates == 3 and .connections == 0 and
	(.module_version | type) == "string" and (has("per_gate") | not)'
ok 'stats as JSON'
gate -j -s stats
went_well && json '(.per_gate | length) == 3'
ok 'stats -s has each gate'
gate stats
went_well && grep -Eq '^gates +3$' <<<"$out"
ok 'stats as text'
gate stats gate nonesuch
[ "$code" = 4 ] && [ -n "$err" ]
ok 'stats of a gate that is not there'

# What a helper would have in force; its file is another one's here.
export KTLSGATED_STATE=$work/gates.json
cookie=$(python3 -c 'import socket
s = socket.socket()
print(int.from_bytes(s.getsockopt(socket.SOL_SOCKET, 71, 8), "little"))')
in_force() { # in_force PID COOKIE
	cat >"$KTLSGATED_STATE" <<-END
	{"pid": $1, "since": "2026-11-22T00:00:00Z", "gates": [
	  {"name": "kafka", "netns-cookie": $2, "tls-profile": "old",
	   "tls-min-version": "1.0", "tls-max-version": "1.3", "relay": true,
	   "cipher-suites": "A:B", "groups": "X25519", "client-auth": "required",
	   "lacks": [{"name": "C", "reason": "why"}, {"name": "D", "reason": "why"},
		     {"name": "E", "reason": "else"}],
	   "certificates": [{"subject": "CN=\u001bme", "issuer": "CN=ca",
	     "chain": [{"subject": "CN=between", "issuer": "CN=ca"}]}],
	   "crl": [{"issuer": "CN=ca", "revoked": 2}], "ocsp": "soft",
	   "client-ca": {"certificates": [{"subject": "CN=ca"}]}}]}
	END
}
gate -j gate show kafka
went_well && json '.[0] | has("in_force") | not'
ok 'no helper, nothing in force'
in_force $$ "$cookie"
gate -j gate show kafka
went_well && json '.[0] | .name == "kafka" and .in_force."tls-profile" == "old"
	and (.in_force.lacks | length) == 3'
ok 'what is in force as JSON'
gate gate show kafka
went_well && tr -s ' ' <"$work/out" >"$work/squeezed" &&
	grep -qx ' tls profile old' "$work/squeezed" &&
	grep -qx ' tls versions 1.0 to 1.3' "$work/squeezed" &&
	grep -qx ' cipher suites A:B' "$work/squeezed" &&
	grep -qx ' lacks C, D: why' "$work/squeezed" &&
	grep -qx ' lacks E: else' "$work/squeezed" &&
	grep -q '^ certificate CN=\\x1bme of CN=ca, ' "$work/squeezed" &&
	grep -q '^ with CN=between of CN=ca, ' "$work/squeezed" &&
	grep -q '^ crl CN=ca, - to -, 2 revoked$' "$work/squeezed" &&
	grep -q '^ ocsp soft$' "$work/squeezed" &&
	grep -q '^ client ca CN=ca, ' "$work/squeezed"
ok 'and as text, with names escaped'
gate -j gate show narrow
went_well && json '.[0] | has("in_force") | not'
ok 'not of another gate'
unprivileged -j gate show kafka
went_well && json '.[0] | has("in_force")'
ok 'anybody may look at it'
in_force $$ $((cookie + 1))
gate -j gate show kafka
went_well && json '.[0] | has("in_force") | not'
ok 'not that of another network namespace'
sleep 0 &
wait $!
in_force $! "$cookie"
gate -j gate show kafka
went_well && json '.[0] | has("in_force") | not'
ok 'not that of a helper that is dead'
echo '{"gates": 1}' >"$KTLSGATED_STATE"
gate -j gate show kafka
[ "$code" = 0 ] && [[ $err == *"$KTLSGATED_STATE is not what ktlsgated writes"* ]] &&
	json '.[0].name == "kafka"'
ok 'a damaged file is told, the rest is shown'
rm "$KTLSGATED_STATE"
unset KTLSGATED_STATE

for name in kafka narrow six; do
	gate gate del $name
	went_well
	ok "gate del $name"
done
gate gate del kafka
refused 4 'no gate of this name'
ok 'gate del twice'
gate -j gate show
json '. == []'
ok 'nothing is left'
