# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The agent's own port: who reaches what, on both address families, and what
# happens when the helper is gone.

plain="68656c6c6f2c206167656e74"	# hello, agent
plaintext_passes() { # plaintext_passes [OPTION...]: the agent answered itself
	client --raw $plain --timeout 20 "$@" >/dev/null
	said ".reply == \"$plain\""
}
closed() { # no connection comes about
	client --raw $plain --timeout 20 "$@" >/dev/null
	said '.connected == false'
}

for family in 4 6 dual; do
	agent agent-$family --family $family
	if [ $family = 4 ]; then
		config
		check "the helper starts" helper_start
	fi
	addresses=(127.0.0.1 ::1)
	[ $family = dual ] || addresses=("${addresses[$((family == 6))]}")
	check "the helper saw the agent's $family socket" wait_for 60 eval \
		'logged "the agent listens:"'
	for address in "${addresses[@]}"; do
		check "agent $family, client to $address" mtls_echo \
			--address $address
		check "agent $family, plaintext to $address stays outside" \
			eval "not plaintext_passes --address $address"
	done
	check "agent $family never read plaintext from outside" \
		not grep -q "read b'hello, agent'" "$work/agent-$family.seen"
	agents_stop
	: >"$work/helper.log"
done

agent agent --library "$tree/build/guest/userspace/libktlsgate.so.0"
check "restart with exempt sources" restart_with \
	'plaintext-from: [127.0.0.7/32, "::1"]'
check "an exempt IPv4 source reaches the agent in plaintext" \
	plaintext_passes --source 127.0.0.7
check "an exempt IPv6 source as well" plaintext_passes --address ::1
check "libktlsgate tells the agent of both that no gate let them in" eval \
	'[ "$(grep -c "^principal Protocol not available$" "$work/agent.seen")" = 2 ]'
check "its neighbour does not" eval \
	'not plaintext_passes --source 127.0.0.8'
check "its neighbour may speak TLS" mtls_echo --source 127.0.0.8
config
check "a reload takes the exemption away" reload
check "then the source is not exempt" eval \
	'not plaintext_passes --source 127.0.0.7'
for address in 0.0.0.0 ::; do
	config "address: '$address'"
	check "reload with address $address" reload
	check "that is any: plaintext stays outside" eval \
		'not plaintext_passes && not plaintext_passes --address ::1'
	check "and TLS is served" mtls_echo
done
config
check "reload without an address" reload
check "many clients spread over the workers" eval '
	for i in $(seq 20); do mtls_echo || exit 1; done'

: >"$work/agent.seen"
helper_kill
check "helper killed: IPv4 clients get no connection" closed
check "helper killed: IPv6 clients get none" closed --address ::1
check "helper killed: TLS clients neither" eval \
	'mtls --timeout 20; said ".connected == false"'
check "the agent has seen nobody" agent_saw_nothing
check "another port of the host is not concerned" eval \
	'agent other --port 9099 && plaintext_passes --port 9099'
pins=$(echo /sys/fs/bpf/ktlsgate/netns-*)
bpftool map create "$pins/gates_v0" type hash key 4 value 4 entries 1 name old
check "a new helper takes over" helper_start
check "maps of another version are gone" not test -e "$pins/gates_v0"
check "and serves" mtls_echo
check "its steering is the pinned one" eval \
	'[ "$(bpftool link show | grep -c "netns.*sk_lookup\|sk_lookup")" -ge 1 ] &&
	 [ "$(ls -d /sys/fs/bpf/ktlsgate/netns-*/link | wc -l)" = 1 ]'
second() {
	cp "$work/gates.yaml" "$work/second.yaml"
	"$ktlsgated" -c "$work/second.yaml" >"$work/second.log" 2>&1
	grep -q "another ktlsgated steers this network namespace" \
		"$work/second.log" || { cat "$work/second.log"; return 1; }
}
check "a second helper is turned away" second
check "and the first one serves on" mtls_echo
helper_stop
: >"$work/agent.seen"
check "helper ended: the port is closed" closed
check "helper ended: the agent has seen nobody" agent_saw_nothing
check "--detach ends steering" "$ktlsgated" --detach
check "then the agent is open to plaintext" plaintext_passes
check "--detach finds nothing the second time" eval \
	'"$ktlsgated" --detach | grep -q "nothing was steered"'

check "without steering, on a port of its own" eval \
	'config "steering: false" "listen-port: 9443" && helper_start'
check "IPv4 clients" mtls_echo --port 9443
check "IPv6 clients" mtls_echo --port 9443 --address ::1
check "the agent's own port is open" plaintext_passes
agents_stop
agent agent --family 4
check "the helper follows an agent that is IPv4 only" wait_for 60 logged \
	"the agent listens: IPv4"
check "IPv4 clients of it" wait_for 60 mtls_echo --port 9443
