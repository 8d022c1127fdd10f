#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a guest that counts instructions (see run): what a full mTLS handshake costs
# on the server's side, and what a resumed one; and the same of a loop around
# OpenSSL, below which no server that uses it can come. One table on standard
# output; OpenSSL's lines end before the connection is anybody's.
. "$(dirname "$0")/../helper/lib.sh"

count=${COUNT:-100}
bench=$tree/build/guest/tests/bench
cgroups=/sys/fs/cgroup

in_cgroup() { # in_cgroup NAME COMMAND...
	mkdir -p "$cgroups/$1"
	echo $BASHPID >"$cgroups/$1/cgroup.procs"
	shift
	exec "$@"
}

# The groups of a client that wants this one: see bench/paths.py.
groups_for() { [ "$1" = X25519MLKEM768 ] && echo "*$1:*X25519" || echo "$1"; }

connections() { # connections PORT full|resumed COUNT GROUP
	(in_cgroup client "$bench/connect" "$1" "$work/ca.crt" \
		"$work/client.crt" "$work/client.key" "$2" "$3" "$(groups_for "$4")")
}

# Under -icount one nanosecond is one instruction; cpu.stat has microseconds.
spent_by_helper() {
	awk '$1 == "usage_usec" { print $2 * 1000 }' \
		"$cgroups/helper/cpu.stat"
}
spent_by_bare() { tail -n 1 "$work/bare"; }

# measure helper|bare PORT full|resumed GROUP: the difference of two runs, for
# each begins with a full handshake where it resumes.
measure() {
	local few many before
	connections "$2" "$3" 10 "$4" || exit 1
	before=$("spent_by_$1")
	connections "$2" "$3" 10 "$4" || exit 1
	few=$(($("spent_by_$1") - before))
	before=$("spent_by_$1")
	connections "$2" "$3" $((count + 10)) "$4" || exit 1
	many=$(($("spent_by_$1") - before))
	echo $(((many - few) / count))
}

# row helper|bare PORT GROUP LABEL: one line; $full and $resumed
row() {
	full=$(measure "$1" "$2" full "$3") || exit 1
	resumed=$(measure "$1" "$2" resumed "$3") || exit 1
	printf '%-16s %-16s %10s %10s %6s\n' "$3" "$4" "$full" "$resumed" \
		"$(awk -v f="$full" -v r="$resumed" \
			'BEGIN { printf "%.3f", r / f }')"
}

bare() { # bare GROUP LABEL [OPTION]
	local loop
	"$bench/bare" 9191 "$work/ca.crt" "$work/server.crt" \
		"$work/server.key" "${@:3}" >"$work/bare" &
	loop=$!
	wait_for 60 sh -c 'ss -Hltn "sport = :9191" | grep -q .'
	row bare 9191 "$1" "$2"
	kill $loop
	wait $loop 2>/dev/null
}

more() { # more OURS THEIRS: what we cost more, in percent
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f %%", (a - b) * 100 / b }'
}

mountpoint -q $cgroups || mount -t cgroup2 none $cgroups
insmod "$KMOD" || exit 1
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip link set lo up
certificates
agent agent
WORKERS=1 config "${@}"
sed -i 's/^log-level.*/log-level: info/' "$work/gates.yaml"
: >"$work/helper.log"
(in_cgroup helper "$ktlsgated" -c "$work/gates.yaml" 2>>"$work/helper.log") &
wait_for 600 logged "serving" || { cat "$work/helper.log"; exit 1; }

echo "instructions a handshake, TLS 1.3, client certificate, P-256"
printf '%-16s %-16s %10s %10s %6s\n' group server full resumed ratio
# Java, librdkafka with OpenSSL 3.0 to 3.4; OpenSSL 3.5, Go and browsers.
for group in X25519 X25519MLKEM768 P-256; do
	row helper 9092 $group ktlsgate
	our_full=$full our_resumed=$resumed
	bare $group OpenSSL
	bare $group "OpenSSL, kTLS" ktls
	printf '%-16s %-16s %10s %10s\n' "" "own cost" \
		"$(more "$our_full" "$full")" \
		"$(more "$our_resumed" "$resumed")"
done
