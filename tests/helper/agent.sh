# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The agent that is down, full, or comes back.

config "agent-wait: 15s"
check "the helper starts without an agent" helper_start
OUT=held mtls --timeout 60 >/dev/null &
held=$!
connected() { ss -Htn "sport = :9092" | grep -q ESTAB; }
check "a client connects while the agent is down" wait_for 60 connected
agent agent
wait $held
check "it was held, and served when the agent started" \
	jq -e .echo "$work/held.json"
agents_stop

check "restart with a short wait" restart_with "agent-wait: 1s"
mtls >/dev/null
check "refused when the agent stays down" logged \
	"refused: the agent does not listen (waited 1000 ms)"
check "told to the client as the end of the connection, not as an alert" \
	said '((.error // "") | ascii_downcase | contains("alert")) | not'

# A queue of one, never emptied.
agent full --no-accept --backlog 1
check "the helper sees the agent" wait_for 60 logged "the agent listens"
fill() {
	local i
	for i in 1 2 3 4 5; do
		mtls --timeout 20 >/dev/null &
	done
	wait_for 60 logged \
		"refused: the agent's accept queue is full (waited 1000 ms)"
}
check "refused when its accept queue stays full" fill
agents_stop

agent agent
check "the agent restarted" wait_for 60 mtls_echo
for i in 1 2 3; do
	agents_stop
	agent agent
	check "restart $i of the agent" wait_for 60 mtls_echo
done
agents_stop

# Go's servers listen with Multipath TCP.
golang=$tree/build/guest/tests/golang
"$golang" agent :9092 >"$work/go.agent" 2>&1 &
agents+=($!)
check "an agent of Go's listens" wait_for 60 grep -q listening "$work/go.agent"
multipath() { ss -HlntM "sport = :9092" | grep -q mptcp; }
check "with Multipath TCP" wait_for 60 multipath
for i in 1 2 3; do check "it serves, $i" wait_for 60 mtls_echo; done
check "a client that sends and receives much" eval \
	'head -c 3000000 /dev/urandom >"$work/much" &&
	 "$golang" load localhost:9092 "$work/ca.crt" "$work/client.crt" \
		"$work/client.key" <"$work/much" >"$work/came" &&
	 cmp "$work/much" "$work/came"'
agents_stop

# Killed with connections in every state.
ends() {
	timeout 300 python3 "$helper_dir/throng.py" ends 4 --ktlsgate "$ktlsgate" \
		--agent "${agents[0]}" --ca "$work/ca.crt" \
		--cert "$work/client.crt" --key "$work/client.key" \
		>"$work/ends.json" 2>"$work/ends.err" &
	ends=$!
	wait_for 120 grep -q killed "$work/ends.err" || cat "$work/ends.err"
}
ended() { # ended STATE END: all of them
	jq -e ".$1 | length == 4 and all($2)" "$work/ends.json" >/dev/null ||
		{ cat "$work/ends.json" "$work/ends.err"; return 1; }
}
check "the helper starts, with more time for the agent" restart_with \
	"agent-wait: 60s" "handshake-timeout: 60s"
agent agent --quiet
check "the agent is killed" ends
agents=()
agent agent --quiet
wait $ends
check "live clients get close_notify" ended live '. == "end"'
check "those that will send nothing more do" ended half_closed '. == "end"'
check "those whose request nobody read get an end, as by TCP" ended unread \
	'. == "reset" or . == "end"'
check "those in the accept queue are reset, as by TCP" ended queued \
	'. == "reset"'
check "those in their handshake are served by the next agent" ended begun .
none() { [ "$("$ktlsgate" -j conn show | jq length)" = 0 ]; }
check "the kernel has no connection left" wait_for 60 none
tls_none() { awk '/TlsCurr.xSw/ { n += $2 } END { exit n }' /proc/net/tls_stat; }
check "and no keys" wait_for 60 tls_none
check "the gate is there by itself" mtls_echo
