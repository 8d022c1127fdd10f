#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a guest that counts instructions (see run): what a full mTLS handshake costs
# on the server's side, and what a resumed one. One table on standard output.
. "$(dirname "$0")/../helper/lib.sh"

count=${COUNT:-100}
connect=$tree/build/guest/tests/bench/connect
cgroups=/sys/fs/cgroup

in_cgroup() { # in_cgroup NAME COMMAND...
	mkdir -p "$cgroups/$1"
	echo $BASHPID >"$cgroups/$1/cgroup.procs"
	shift
	exec "$@"
}

# Under -icount one nanosecond is one instruction; cpu.stat has microseconds.
spent() { awk '$1 == "usage_usec" { print $2 * 1000 }' "$cgroups/$1/cpu.stat"; }

measure() { # measure full|resumed GROUP
	local before
	(in_cgroup client "$connect" 9092 "$work/ca.crt" "$work/client.crt" \
		"$work/client.key" "$1" 10 "$2") || exit 1
	before=$(spent helper)
	(in_cgroup client "$connect" 9092 "$work/ca.crt" "$work/client.crt" \
		"$work/client.key" "$1" "$count" "$2") || exit 1
	echo $((($(spent helper) - before) / count))
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

echo "instructions of the helper a handshake, TLS 1.3, client certificate, P-256"
printf '%-16s %10s %10s %6s\n' group full resumed ratio
# Java, librdkafka with OpenSSL 3.0 to 3.4; OpenSSL 3.5, Go and browsers.
for group in X25519 X25519MLKEM768; do
	full=$(measure full $group) || exit 1
	resumed=$(measure resumed $group) || exit 1
	printf '%-16s %10s %10s %6s\n' $group "$full" "$resumed" \
		"$(awk -v f="$full" -v r="$resumed" \
			'BEGIN { printf "%.2f", r / f }')"
done
