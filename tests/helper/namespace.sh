# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A gate in another network namespace, and two with the same port in two.

ip netns add inside
ip -n inside link set lo up
agent outer
IN_NETNS=(ip netns exec inside)
agent inner
IN_NETNS=()
config "network-namespace: inside" "name: inner"
gate_yaml >>"$work/gates.yaml"
check "one helper, the same port in two namespaces" helper_start
: >"$work/inner.seen"
: >"$work/outer.seen"
IN_NETNS=(ip netns exec inside)
check "a client inside" mtls_echo
check "reached the agent inside" grep -q accepted "$work/inner.seen"
check "and not the one outside" agent_saw_nothing outer
check "without a certificate: refused inside" eval \
	'client >/dev/null; not echoed'
IN_NETNS=()
check "a client outside" mtls_echo
check "reached the agent outside" grep -q accepted "$work/outer.seen"
check "each namespace has its own pins" eval \
	'[ "$(ls -d /sys/fs/bpf/ktlsgate/netns-* | wc -l)" = 2 ]'
config "name: kafka"
check "the namespace leaves the configuration" reload
IN_NETNS=(ip netns exec inside)
check "its agent is open again" eval \
	'client --raw 68692c206167656e74 --timeout 20 >/dev/null; said ".reply == \"68692c206167656e74\""'
IN_NETNS=()
check "the gate outside serves on" mtls_echo
config "network-namespace: nowhere"
check "a namespace that is not there" reload
check "is told with what to do" logged \
	"network-namespace: cannot enter network namespace nowhere: No such file or directory: ip netns add makes it"
check "--detach in a namespace" "$ktlsgated" --detach \
	--network-namespace inside
helper_stop
agents_stop
ip netns del inside
