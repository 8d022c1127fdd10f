#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a guest: 10,000 live connections are judged again, half of them are cut,
# and what handshakes take meanwhile. Times are of this emulated machine: they
# are to be compared with each other.
. "$(dirname "$0")/../helper/lib.sh"

count=${COUNT:-10000}
bench=$tree/build/guest/tests/bench

insmod "$KMOD" || exit 1
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip link set lo up
sysctl -qw net.core.somaxconn=4096 net.ipv4.ip_local_port_range="20000 65000"
certificates
"$bench/crowd" 9092 "$count" >"$work/crowd" 2>&1 &
agents+=($!)
wait_for 900 grep -q ^crowd "$work/crowd" || { cat "$work/crowd"; exit 1; }
config
check "the helper starts with $count live connections" helper_start

# handshakes NAME: milliseconds of each, one after the other, until the file goes.
handshakes() {
	touch "$work/going"
	while [ -e "$work/going" ]; do
		"$bench/connect" 9092 "$work/ca.crt" "$work/client.crt" \
			"$work/client.key" timed 1 X25519
	done >"$work/$1.ms"
}
summary() {
	sort -n "$work/$1.ms" | awk -v n="$1" '{ t[NR] = $1 }
		END { printf "%-10s %4d handshakes, median %s ms, longest %s ms\n",
			n, NR, t[int((NR + 1) / 2)], t[NR] }'
}
enough() { [ "$(wc -l <"$work/$1.ms")" -ge "$2" ]; }

handshakes quiet &
wait_for 600 enough quiet 20
rm "$work/going"
wait $!

handshakes judging &
config "deny: ['User:CN=odd']"
began=$(date +%s%N)
reload
half() { [ "$(tail -n 1 "$work/crowd")" = "left $((count / 2))" ]; }
check "half of them are cut" wait_for 600 half
took=$((($(date +%s%N) - began) / 1000000))
wait_for 600 enough judging 20
rm "$work/going"
wait $!
grep 'judged' "$work/helper.log"
echo "from SIGHUP to the last one's end: $took ms"
summary quiet
summary judging
check "the others live" eval '[ "$("$ktlsgate" -j gate show kafka |
	jq ".[0].connections")" = $((count / 2)) ]'
finish
