# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Peers that mean it: the helper neither dies nor keeps anything of them, each
# is counted once under its reason, and a live connection goes on. What that one
# echoed meanwhile is printed beside, not judged: this is an emulated machine.
# HOSTILE_SEED=N repeats one run, HOSTILE="random-bytes ..." are those attacks only.

hostile() {
	timeout 600 python3 "$helper_dir/hostile.py" "$@" --seed "$seed" \
		--ktlsgate "$ktlsgate" --ca "$work/ca.crt" \
		--cert "$work/client.crt" --key "$work/client.key" \
		--live "$work/live" 2>&1
}
attack() {
	hostile "$1" >"$work/attack"
	local status=$?
	cat "$work/attack"
	return $status
}
descriptors() { ls "/proc/$helper_pid/fd" | wc -l; }
no_more_than() { [ "$(descriptors)" -le "$1" ]; }
# in kB
memory() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$helper_pid/status"; }
memory_below() { [ "$(memory VmRSS)" -le "$1" ]; }

seed=${HOSTILE_SEED:-$RANDOM}
ulimit -n 8192
sysctl -qw net.core.somaxconn=4096
agent agent
config "handshake-timeout: 8s" "max-connection-rate-per-source: 0" \
	"max-handshakes-per-source: 0"
check "the helper starts" helper_start
echo 0 >"$work/live"
hostile live >"$work/live.out" 2>&1 &
live=$!
check "a live connection echoes" wait_for 60 eval '[ "$(cat "$work/live")" != 0 ]'

# What OpenSSL and the allocator keep once is not a leak: the first rounds. How the
# connections of one are spread over the workers, and so what each one's arena grew to
# and keeps, differs; the attack with the most of them shows it the second time.
for name in idle silent half-a-hello half-a-hello; do
	check "hostile: $name" attack $name
	grep '^#' "$work/attack"
done
open=$(descriptors) most=$(($(memory VmRSS) + 8192))

while read -r name; do
	check "hostile: $name" attack "$name"
	grep '^#' "$work/attack"
	check "no descriptor is left of it" wait_for 60 no_more_than "$open"
done < <(if [ -n "${HOSTILE-}" ]; then xargs -n 1 <<<"$HOSTILE"; else hostile list; fi)

echo "# memory: now $(memory VmRSS) kB, at most $(memory VmHWM) kB, allowed $most kB"
check "the helper's memory has not grown" memory_below $most
check "it serves" mtls_echo
check "it is the same process" kill -0 "$helper_pid"
rm "$work/live"
wait $live
check "the live connection went through all of it" \
	grep -q ^echoed "$work/live.out"
none() { [ "$("$ktlsgate" -j gate show kafka | jq ".[0].connections")" = 0 ]; }
check "no connection is left in the kernel" wait_for 60 none
