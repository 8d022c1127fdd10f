# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What runs out: descriptors, room on disks, memory. The helper says what, loses
# no live connection, and goes on once there is some.

knock_and_hold() { # knock_and_hold NAME SOURCE COUNT: see knock.py
	mkfifo "$work/$1.go"
	timeout 300 python3 "$helper_dir/knock.py" "${@:2}" \
		--hold "$work/$1.go" >"$work/$1" 2>&1 &
	held=$!
	wait_for 120 test -s "$work/$1"
}
let_go() { : >"$work/$1.go"; wait "$held"; rm "$work/$1.go"; }
live_begin() {
	wait_for 60 connections 0
	mkfifo "$work/live.go"
	OUT=live mtls --hold "$work/live.go" --timeout 600 >/dev/null &
	live=$!
	wait_for 60 accepted 1
}
live_goes_on() {
	: >"$work/live.go"
	wait $live
	rm "$work/live.go"
	wait_for 60 connections 0
	jq -e .held "$work/live.json" || { cat "$work/live.json"; return 1; }
}
connections() { [ "$("$ktlsgate" -j conn show | jq length)" = "$1" ]; }
accepted() {
	[ "$("$ktlsgate" -j conn show |
		jq 'map(select(.state == "accepted")) | length')" = "$1" ]
}
descriptors() { ls "/proc/$helper_pid/fd" | wc -l; }
# free_descriptor PID: the one that the process opens next, which is below others
# that it was given when it was started.
free_descriptor() {
	local next=0
	while [ -e "/proc/$1/fd/$next" ]; do next=$((next + 1)); done
	echo $next
}

# --- descriptors of the helper -----------------------------------------------

agent agent --quiet
config "handshake-timeout: 300s"
check "the helper starts" helper_start
check "a live connection" live_begin
prlimit --pid "$helper_pid" --nofile=$(($(descriptors) + 10))
knock_and_hold many 127.0.0.5 60
check "no descriptors: the helper says so" wait_for 60 logged \
	"cannot accept: Too many open files; clients wait"
check "and once, however long it lasts" eval \
	'[ "$(log_lines "cannot accept")" -le "$(nproc)" ]'
check "clients are not refused, they wait" jq -e '.connected == 60' "$work/many"
let_go many
check "some are free again: it says so" wait_for 60 logged "accepts again, after"
check "and serves" wait_for 60 mtls_echo
check "the live connection went on" live_goes_on

# --- descriptors of the agent ------------------------------------------------

check "a live connection" live_begin
prlimit --pid "${agents[0]}" --nofile="$(free_descriptor "${agents[0]}")"
OUT=waiting mtls --timeout 300 >/dev/null &
waiting=$!
check "an agent without descriptors cannot accept" wait_for 60 \
	grep -q "cannot accept" "$work/agent.seen"
check "its connection waits in the accept queue" eval \
	'"$ktlsgate" -j conn show | jq -e "any(.state == \"queued\")"'
# The live one ends, and its descriptor is free.
: >"$work/live.go"
wait $live $waiting
rm "$work/live.go"
check "it is served when there is one" jq -e .echo "$work/waiting.json"
check "the live connection went on" jq -e .held "$work/live.json"
prlimit --pid "${agents[0]}" --nofile=1024

# --- disks -------------------------------------------------------------------

mkdir "$work/disk"
mount -t tmpfs -o size=64k tmpfs "$work/disk"
dd if=/dev/zero of="$work/disk/full" bs=4k count=64 2>/dev/null
helper_stop
export KTLSGATED_STATE=$work/disk/gates.json
check "the helper starts, its state's disk is full" helper_start
check "and says so" logged "cannot write $work/disk/gates.json: No space left"
check "it serves" mtls_echo
check "it has not said so again" eval \
	'[ "$(log_lines "gates.json: No space left")" = 1 ]'
rm "$work/disk/full"
check "there is room: the file is written" wait_for 60 logged \
	"$work/disk/gates.json is written again"
check "and is whole" jq -e '.gates[0].name == "kafka"' "$work/disk/gates.json"
helper_stop
unset KTLSGATED_STATE
umount "$work/disk"
"$ktlsgated" -c "$work/gates.yaml" 2>/dev/full &
helper_pid=$!
check "the disk of its log is full: it serves" wait_for 60 mtls_echo
helper_stop

# --- memory ------------------------------------------------------------------

if [ ! -d /run/systemd/system ]; then
	number=$((number + 1))
	echo "ok $number - memory # SKIP no systemd in this guest"
	return
fi
# with_48_mb [KEY: VALUE...]: the unit with no limit but this one
with_48_mb() {
	unit_install "handshake-timeout: 60s" "max-connection-rate-per-source: 0" \
		"max-handshakes-per-source: 0" "$@"
	printf '[Service]\nMemoryMax=48M\nMemorySwapMax=0\n' \
		>/etc/systemd/system/ktlsgated.service.d/memory.conf
	systemctl daemon-reload
	systemctl restart ktlsgated
}
flood() {
	timeout 300 python3 "$helper_dir/hostile.py" flood --ca "$work/ca.crt" \
		--cert "$work/client.crt" --key "$work/client.key" >"$work/flood" 2>&1
}
restarts() { systemctl show -P NRestarts ktlsgated; }
check "the unit starts with 48 MB" with_48_mb
check "a live connection" live_begin
flooded=$(date +"%F %T")
flood &
flood=$!
# The kernel's word: systemd, too, calls it oom-kill, but only when it hears of it
# before it hears of the death.
killed() {
	[ "$(restarts)" -ge 1 ] && journalctl -q --since "$flooded" -k \
		--grep "Memory cgroup out of memory: Killed process .*ktlsgated"
}
check "more handshakes than fit: it is killed, and the journal says why" \
	wait_for 200 killed
wait $flood
sed 's/^/# /' "$work/flood"
check "then it serves again" wait_for 120 mtls_echo
check "as many as fit are allowed" with_48_mb "max-handshakes: 200"
turned_away() {
	"$ktlsgate" -j gate show kafka |
		jq -e '.[0] | (.refused_by.overload // 0) +
			(.steering.gate_handshakes // 0)'
}
before=$(turned_away)
pid=$(systemctl show -P MainPID ktlsgated)
flood
check "the others are turned away" eval '[ "$(turned_away)" -gt $((before + 1000)) ]'
check "then it serves" wait_for 120 mtls_echo
check "and is still the same" eval \
	'[ "$(systemctl show -P MainPID ktlsgated) $(restarts)" = "$pid 0" ]'
check "the live connection went on" live_goes_on
unit_remove
agents_stop

config
check "a helper for an agent in a small cgroup" helper_start
: >"$work/agent.seen"
# A file that it read fills what it may have: each byte for a socket has to be taken
# from that, and in a softirq nothing can be taken.
systemd-run -q --unit=small-agent -p MemoryMax=24M -p MemorySwapMax=0 \
	-p StandardOutput="append:$work/agent.seen" bash -c "
		dd if=/dev/zero of=/var/tmp/fill bs=1M count=32 conv=fsync 2>&1
		exec python3 '$helper_dir/agent.py' --quiet"
check "an agent with 24 MB" wait_for 60 grep -q listening "$work/agent.seen"
memory_events() { # memory_events KIND: how often, so far
	awk -v kind="$1" '$1 == kind { print $2 }' \
		/sys/fs/cgroup/system.slice/small-agent.service/memory.events
}
before=$(memory_events max)
for i in 1 2 3 4; do
	OUT=bulk$i mtls --bulk 3 --slow --timeout 300 >/dev/null &
	bulks+=($!)
done
wait "${bulks[@]}"
check "its connections carry all of their bytes" eval \
	'jq -es "length == 4 and all(.bulk)" "$work"/bulk?.json'
echo "# $(memory_events max) times at the limit, $before of them before"
check "at the limit of its memory" eval '[ "$(memory_events max)" -gt "$before" ]'
check "of which it was not killed" eval '[ "$(memory_events oom_kill)" = 0 ]'
check "and others" mtls_echo
systemctl stop small-agent
rm /var/tmp/fill
