# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What kTLS cannot carry: relayed by the helper, and otherwise as everything.

# The pump alone, with what a compiler can watch.
build() {
	cc -g -fsanitize=address,undefined -D_GNU_SOURCE -I"$tree/userspace" \
		-I"$tree/kmod/uapi" -o "$work/pump" "$helper_dir/pump.c" \
		"$tree"/userspace/{relay,loopback,timers,mem,log}.c \
		-lssl -lcrypto -lsystemd -lpthread
}
# pump CASE LINE...: what was seen, in any order
pump() {
	local mode=$1 line
	shift
	timeout 300 "$work/pump" "$work/server-rsa.crt" "$work/server-rsa.key" \
		"$mode" >"$work/pump.out" 2>&1 || { cat "$work/pump.out"; return 1; }
	for line; do
		grep -qxF -- "$line" "$work/pump.out" ||
			{ cat "$work/pump.out"; return 1; }
	done
}
library=$tree/build/guest/userspace/libktlsgate.so.0
conns() { "$ktlsgate" -j conn show >"$work/conns.json"; }
shown() { # shown CONDITION: of the one connection
	conns
	jq -e "length == 1 and (.[0] | $1)" "$work/conns.json" >/dev/null ||
		{ cat "$work/conns.json"; return 1; }
}
gone() { conns; jq -e 'length == 0' "$work/conns.json" >/dev/null; }

# hold NAME [OPTION...]: a client in the background that stays after its echo.
hold() {
	local name=$1
	shift
	mkfifo "$work/$name.go"
	OUT=$name mtls --hold "$work/$name.go" "$@" >/dev/null &
	held=$!
}
release() { : >"$work/$1.go"; wait "$held"; }

agent agent --library "$library"
ALGORITHM=rsa issue server-rsa /CN=localhost ca subjectAltName=DNS:localhost
ALGORITHM=rsa issue client-rsa /CN=rsa ca extendedKeyUsage=clientAuth
rsa=("certificate: $work/server-rsa.crt" "private-key: $work/server-rsa.key")

check "the pump builds" build
for mode in fast slow-client slow-agent; do
	check "pump: 3 MB each way, $mode" pump $mode \
		"client: 3145728 bytes back, 0 wrong" "client: close_notify" \
		"agent: 3145728 bytes, end"
done
check "pump: the agent closes" pump agent-closes "client: close_notify" \
	"agent: 10 bytes, closes"
check "pump: the agent's connection is killed" pump killed "client: cut off"
check "pump: the same while the client reads nothing" pump blocked \
	"client: cut off"
check "pump: the client resets" pump client-resets \
	"agent: 10 bytes, Connection reset by peer"
check "pump: the client's FIN is an end" pump fin "agent: 10 bytes, end" \
	"client: close_notify"
check "pump: a broken record is answered by an alert" pump garbage \
	"client: alert" "agent: 10 bytes, Connection reset by peer"
check "pump: the helper stops" pump stop "client: close_notify" \
	"agent: 10 bytes, end"

config "${rsa[@]}" "tls-profile: old"
check "the helper starts" helper_start
check "and can name clients" not logged "would not name"

for suite in ECDHE-RSA-AES128-SHA ECDHE-RSA-AES128-SHA256; do
	: >"$work/agent.seen"
	check "TLS 1.2 $suite" mtls_echo --max 1.2 --ciphers $suite
	check "is that suite" said ".cipher == \"$suite\""
	check "$suite: relayed, and why is logged" logged \
		"relayed: kTLS cannot carry $suite (CBC)"
	check "$suite: accept() in the agent gives the client's address" \
		grep -qE "accepted (::ffff:)?127.0.0.1 $(sed -n 's/.*"port": \([0-9]*\).*/\1/p' "$work/client.json") 9092" \
		"$work/agent.seen"
	check "$suite: the agent asks who it is" \
		grep -q "^principal CN=payments,O=ACME$" "$work/agent.seen"
done
check "from another address" mtls_echo --source 127.0.0.9 --max 1.2 \
	--ciphers ECDHE-RSA-AES128-SHA
check "the agent sees that" grep -qE "accepted (::ffff:)?127.0.0.9 [0-9]+ 9092" \
	"$work/agent.seen"
check "none is left" wait_for 60 gone

for version in 1.0 1.1; do
	check "TLS $version" mtls_echo --min $version --max $version \
		--ciphers ALL:@SECLEVEL=0
	check "TLS $version: relayed, and why is logged" logged \
		"relayed: kTLS cannot carry TLS $version"
done

check "what kTLS carries is not relayed" mtls_echo --max 1.2 --ciphers \
	ECDHE-RSA-AES128-GCM-SHA256
check "nor is TLS 1.3" mtls_echo --min 1.3
check "five were relayed up to here" eval \
	'[ "$(log_lines " relayed: ")" = 5 ]'

hold held --max 1.2 --ciphers ECDHE-RSA-AES128-SHA
check "conn show tells path, reason and bytes" wait_for 60 shown \
	'.path == "relay" and .rx_bytes == 10 and .tx_bytes == 10 and
	 .relay_reason == "kTLS cannot carry ECDHE-RSA-AES128-SHA (CBC)" and
	 .peer_address == "127.0.0.1" and .local_port == 9092 and
	 .principal == "CN=payments,O=ACME" and .state == "accepted"'
check "and to people" eval '"$ktlsgate" conn show | grep -q " relay "'
check "its number is the client's port" eval '
	ss -Htn "dport = :9092" | grep -q ":$(jq .[0].peer_port "$work/conns.json") "'
release held
check "it went on" jq -e .held "$work/held.json"
check "it ended" wait_for 60 gone

"$ktlsgate" -j monitor >"$work/events" &
monitor=$!
agents+=($monitor)
hold killed --max 1.2 --ciphers ECDHE-RSA-AES128-SHA
check "a connection to kill" wait_for 60 shown '.rx_bytes == 10'
check "kill" "$ktlsgate" conn kill id "$(jq .[0].id "$work/conns.json")"
release killed
check "its client was cut off" not jq -e .held "$work/killed.json"
check "it is gone" wait_for 60 gone
check "events tell path and reason" wait_for 60 grep -q \
	'"relay_reason": *"kTLS cannot carry' "$work/events"
check "and that it was killed" wait_for 60 grep -q '"killed"' "$work/events"
kill $monitor

# Both directions at once, with a client that reads late and slowly.
check "30 MB each way, a slow reader, equal checksums" eval '
	mtls --max 1.2 --ciphers ECDHE-RSA-AES128-SHA --bulk 30 --slow
	said ".bulk == true"'
check "and 5 MB with a fast one" eval '
	mtls --max 1.2 --ciphers ECDHE-RSA-AES128-SHA --bulk 5
	said ".bulk == true"'
check "none is left of them" wait_for 60 gone

# The agent goes: the client is told.
hold orphan --max 1.2 --ciphers ECDHE-RSA-AES128-SHA
check "a connection whose agent goes" wait_for 60 shown '.rx_bytes == 10'
agents_stop
release orphan
check "its client was told" not jq -e .held "$work/orphan.json"
check "and it is gone" wait_for 60 gone
check "refused while the agent is down" eval '
	mtls --max 1.2 --ciphers ECDHE-RSA-AES128-SHA; not echoed'
check "for that reason" logged "refused: the agent does not listen"
agent agent

# A new configuration leaves it alone, the end of the helper does not.
hold stays --max 1.2 --ciphers ECDHE-RSA-AES128-SHA
check "a connection during a reload" wait_for 60 shown '.rx_bytes == 10'
config "${rsa[@]}" "tls-profile: old" "relay: false"
check "reload with relay: false" reload
release stays
check "it goes on" jq -e .held "$work/stays.json"
check "a client that needs it is refused" eval '
	mtls --max 1.2 --ciphers ECDHE-RSA-AES128-SHA; not echoed'
check "for want of a cipher suite" logged "refused: no cipher suite in common"
check "what kTLS carries passes" mtls_echo --max 1.2

check "restart with relay" restart_with "${rsa[@]}" "tls-profile: old"
hold ends --max 1.2 --ciphers ECDHE-RSA-AES128-SHA
check "a connection when the helper ends" wait_for 60 shown '.rx_bytes == 10'
check "the helper ends" helper_stop
check "the connection is gone" wait_for 60 gone
release ends
check "its client read an end, no error" jq -e '.held == false and
	(has("error") | not)' "$work/ends.json"
check "the helper starts again" helper_start
check "and relays" mtls_echo --max 1.2 --ciphers ECDHE-RSA-AES128-SHA

# Each kind of listener that an agent may have.
for family in 4 6; do
	agents_stop
	agent agent --family $family
	address=127.0.0.1
	[ $family = 4 ] || address=::1
	check "an agent of IPv$family" wait_for 60 mtls_echo --address $address \
		--max 1.2 --ciphers ECDHE-RSA-AES128-SHA
	check "sees the client's IPv$family address" grep -qE \
		"accepted $address [0-9]+ 9092" "$work/agent.seen"
done
