#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a guest that counts instructions (see run): live connections are judged again,
# at first with nobody to be cut, then half of them by a CRL, and how long
# handshakes take meanwhile. Its only processor does everybody's work, the
# agent's and the clients' too: a millisecond is a million instructions.
. "$(dirname "$0")/../helper/lib.sh"

count=${COUNT:-10000}
bench=$tree/build/guest/tests/bench
cgroups=/sys/fs/cgroup

# crl: the list of those revoked so far, put there in one step
crl() {
	openssl ca -batch -config "$work/ca.cnf" -cert "$work/ca.crt" \
		-keyfile "$work/ca.key" -gencrl -crldays 30 \
		-out "$work/new.crl" 2>"$work/said" &&
		mv "$work/new.crl" "$work/crl"
}
revoke() {
	openssl ca -batch -config "$work/ca.cnf" -cert "$work/ca.crt" \
		-keyfile "$work/ca.key" -revoke "$work/$1.crt" 2>"$work/said" &&
		crl
}

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
now() { echo $(($(date +%s%N) / 1000000)); }
# What the helper took so far, in thousands of instructions.
spent() { awk '$1 == "usage_usec" { print $2 }' $cgroups/helper/cpu.stat; }
each() { echo "# $1: $((($(spent) - $2) / $3)) thousand instructions of the helper for each"; }

insmod "$KMOD" || exit 1
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip link set lo up
sysctl -qw net.core.somaxconn=4096 net.ipv4.ip_local_port_range="20000 65000"
certificates
issue even /CN=even ca extendedKeyUsage=clientAuth
issue odd /CN=odd ca extendedKeyUsage=clientAuth
: >"$work/index"
echo 1000 >"$work/crl-number"
printf '%s\n' "[ca]" "default_ca = this" "[this]" "database = $work/index" \
	"crlnumber = $work/crl-number" "default_md = sha256" >"$work/ca.cnf"
check "a list of nobody" crl
"$bench/crowd" 9092 "$count" "$work/ca.crt" "$work/even.crt" "$work/odd.crt" \
	>"$work/crowd" 2>&1 &
agents+=($!)
wait_for 900 grep -q ^crowd "$work/crowd" || { cat "$work/crowd"; exit 1; }
config "crl: $work/crl"
check "the helper starts with $count live connections" helper_start
mountpoint -q $cgroups || mount -t cgroup2 none $cgroups
mkdir -p $cgroups/helper
echo "$helper_pid" >$cgroups/helper/cgroup.procs
judged() { [ "$(grep -c 'judged again' "$work/helper.log")" -ge "$1" ]; }
check "they are judged" wait_for 600 judged 1

handshakes quiet &
wait_for 600 enough quiet 20
rm "$work/going"
wait $!

config "crl: $work/crl" "deny: ['User:CN=nobody']"
before=$(spent)
check "other rules, which all of them pass" reload
check "they are judged" wait_for 600 judged 2
each "to be judged" "$before" "$count"
check "nobody is cut" not grep -q ^left "$work/crowd"

handshakes judging &
wait_for 600 enough judging 1
check "a list of the one" revoke odd
# Before it is seen by itself, which takes two looks, 250 ms apart.
before=$(spent)
began=$(now)
kill -HUP "$helper_pid"
half() { [ "$(tail -n 1 "$work/crowd")" = "left $((count / 2))" ]; }
check "half of them are cut" wait_for 600 half
took=$(($(now) - began))
each "to be cut, with all judged and the handshakes meanwhile" "$before" \
	$((count / 2))
wait_for 600 enough judging 20
rm "$work/going"
wait $!
grep -h 'judged\|connections cut' "$work/helper.log" | sed 's/^/# /'
echo "# from the reload to the last one's end: $took ms"
for name in quiet judging; do echo "# $(summary $name)"; done
left() { "$ktlsgate" -j gate show kafka | jq ".[0].connections"; }
check "the others live" eval "[ \$(left) = $((count / 2)) ]"
finish
