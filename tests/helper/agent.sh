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
