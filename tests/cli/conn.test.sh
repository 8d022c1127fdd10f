# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# ktlsgate conn

handoff() { # handoff PORT GATE IDENTITY: $id and the client's $port
	agent "[\"handoff\", $1, \"$2\", $3]"
	id=$(jq .id <<<"$answer") port=$(jq .port <<<"$answer")
}

agent_start
gate gate add kafka port 9092
gate gate add other port 9093
agent '["listen", 9092]'
agent '["listen", 9093]'

gate conn show
went_well && [ -z "$out" ]
ok 'no connection: no output'
gate conn kill all
refused 4 'no connection matches'
ok 'conn kill all without a connection, exit code 4'
gate conn show id 4000000000
[ "$code" = 4 ] && [ -n "$err" ]
ok 'conn show of an id that is not there'
gate conn kill id 4000000000
[ "$code" = 4 ] && [ -n "$err" ]
ok 'conn kill of an id that is not there'

fingerprint=$(printf 'c5%.0s' {1..32})
handoff 9092 kafka '{"principal": "CN=payments,O=ACME",
	"subject": "CN=payments,O=ACME", "issuer": "CN=ca", "serial": "00ab01",
	"fingerprint": "'"$fingerprint"'", "not-after": 1795000000,
	"tls-version": 772, "group": 4588, "server-name": "broker-1",
	"spiffe-id": "spiffe://acme/payments", "resumed": true}'
first=$id first_port=$port
handoff 9093 other '{}'
second=$id

gate conn show
went_well && [ "$(head -n 1 <<<"$out" | tr -s ' ')" = \
	'ID GATE PEER PRINCIPAL TLS CIPHER PATH RX TX AGE' ] &&
	tr -s ' ' <<<"$out" | grep -Eq "^$first kafka 127.0.0.1:$first_port \
CN=payments,O=ACME 1.3 AES-256-GCM kernel 0 0 [0-9]+s\$" &&
	tr -s ' ' <<<"$out" | grep -Eq "^$second other 127.0.0.1:[0-9]+ \
ANONYMOUS 1.2 AES-128-GCM kernel 0 0 [0-9]+s\$"
ok 'conn show as in the sketch'

agent "[\"send\", $first, 100000]"
[ "$answer" = '"ok"' ]
ok 'the agent writes'
gate -j conn show id "$first"
went_well && json 'length == 1 and (.[0] |
	.gate == "kafka" and .peer_address == "127.0.0.1" and
	.peer_port == '"$first_port"' and .principal == "CN=payments,O=ACME" and
	.tls_version == "1.3" and .cipher_suite == "TLS_AES_256_GCM_SHA384" and
	.path == "kernel" and .state == "accepted" and .rx_bytes == 0 and
	.tx_bytes == 100000 and .local_address == "127.0.0.1" and
	.subject == "CN=payments,O=ACME" and .issuer == "CN=ca" and
	.serial == "00ab01" and .fingerprint == "'"$fingerprint"'" and
	.spiffe_id == "spiffe://acme/payments" and
	.not_after == "2026-11-18T11:06:40Z" and .server_name == "broker-1" and
	.group == "X25519MLKEM768" and .resumed and .handshake_ns == 1900000)'
ok 'conn show id N as JSON has everything'
gate -j conn show id "$second"
json '.[0] | .cipher_suite == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" and
	(has("subject") | not) and .resumed == false'
ok 'what is not known is left out'
gate conn show id "$first"
[[ $out == *' 97.7K '* ]]
ok 'bytes in human sizes'
gate -s conn show id "$first"
went_well && grep -Eq '^    issuer +CN=ca$' <<<"$out" &&
	grep -Eq '^    group +X25519MLKEM768$' <<<"$out" &&
	grep -Eq '^    handshake +1.9ms$' <<<"$out"
ok '-s prints the certificate and the handshake'

# selects FILTER ID...: exactly these connections
selects() {
	local want

	# shellcheck disable=SC2086 # words
	gate -j conn show $1
	shift
	want=$(printf '%s\n' "$@" | jq -sc sort)
	went_well && [ "$(jq -c '[.[].id] | sort' <<<"$out")" = "$want" ]
}
selects 'gate kafka' "$first"
ok 'filter gate'
selects 'principal CN=payments,O=ACME' "$first"
ok 'filter principal'
selects 'principal CN=payments'
ok 'filter principal is exact'
selects "peer 127.0.0.1:$first_port" "$first"
ok 'filter peer with port'
selects 'peer 127.0.0.1' "$first" "$second"
ok 'filter peer without port'
selects "peer [::ffff:127.0.0.1]:$first_port" "$first"
ok 'filter peer, v4-mapped'
selects 'peer 127.0.0.2'
ok 'filter peer that matches none'
selects "gate other peer 127.0.0.1:$first_port"
ok 'all conditions must hold'
selects 'gate nonesuch'
ok 'filter by a gate that is not there'

# Names come from clients. The backslash of RFC 2253 stays.
handoff 9092 kafka '{"principal": "CN=\u001b[2Jevil\n\u202egnol,O=A\\, B",
	"server-name": "a\u0007b"}'
evil=$id
gate -s conn show id "$evil"
went_well && [[ $out == *'CN=\x1b[2Jevil\n\u{202e}gnol,O=A\, B'* ]] &&
	[[ $out == *'a\x07b'* ]] && [[ $out != *$'\e'* ]]
ok 'escapes in names do not reach the terminal'
LC_ALL=C.UTF-8 gate conn show id "$evil"
[[ $out == *'\u{202e}'* ]]
ok 'nor do characters that turn the writing direction, in UTF-8'
gate -j conn show id "$evil"
[[ $out != *$'\e'* ]] &&
	json '.[0].principal == "CN=\u001b[2Jevil\n\u202egnol,O=A\\, B"'
ok 'JSON has the name as it is'
handoff 9092 kafka '{"principal": "CN=Jos\u00e9"}'
LC_ALL=C gate conn show id "$id"
[[ $out == *'CN=Jos\u{e9} '* ]]
ok 'what the locale cannot show is escaped'
LC_ALL=C.UTF-8 gate conn show id "$id"
[[ $out == *'CN=José '* ]]
ok 'what it can show is shown'
handoff 9092 kafka "{\"principal\": \"CN=x"$'\xff'"y\"}"
gate conn show id "$id"
[[ $out == *'CN=x\xffy '* ]]
ok 'bytes that are not UTF-8 are escaped'
gate -j conn show id "$id"
json '.[0].principal == "CN=x\ufffdy"'
ok 'and make no broken JSON'

agent '["handoff-only", 9092, "kafka", {"principal": "CN=waits"}]'
gate -j conn show principal CN=waits
json '.[0].state == "queued"'
ok 'a connection in the accept queue'
gate -j gate show kafka
json '.[0].queue_length == 1 and .[0].connections == 5'
ok 'is seen in the gate'
gate -j stats gate kafka
json '.queued == 1 and .connections == 5 and .handoffs == 5'
ok 'and in its statistics'

gate -j conn kill id "$second" alert access_denied
went_well && json '.killed == 1'
ok 'conn kill id N'
agent "[\"read\", $second]"
[ "$answer" = '"ECONNABORTED"' ]
ok 'the agent reads ECONNABORTED'
gate -j conn show gate other
json '.[0].close_reason == "killed"'
ok 'the connection says that it was killed, while the agent holds it'
gate conn kill gate other
refused 4 'no connection matches'
ok 'it is not killed twice'
agent "[\"close\", $second]"
selects 'gate other'
ok 'the killed connection is gone when the agent closes it'
gate conn kill gate kafka
went_well && [[ $out =~ ^killed\ +5$ ]]
ok 'kill by gate'
agent "[\"read\", $first]"
[ "$answer" = '"ECONNABORTED"' ]
ok 'its agent reads ECONNABORTED'
agent_stop
gate -j -s stats
json '.closed == 6 and .connections == 0 and
	([.per_gate[] | .closed_by.killed] | add) == 6'
ok 'they are counted when the agent is gone'

gate gate del kafka
gate gate del other
