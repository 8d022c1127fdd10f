#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tests of ktlsgate(8). Runs in the guest as root, prints TAP.
#
#	KTLSGATE	the command (build/guest/tools/ktlsgate)
#	KMOD		the module, loaded and unloaded here
#
# Parts are in *.test.sh beside this file; names of parts as arguments run
# these alone.
set -u
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

stop() {
	local jobs

	jobs=$(jobs -p)
	# shellcheck disable=SC2086 # a list of pids
	[ -z "$jobs" ] || kill $jobs 2>/dev/null
	ip netns del cli-test 2>/dev/null
	rm -rf "$work"
}
trap stop EXIT

[ -x "$cli" ] || { echo "Bail out! $cli is not there: build it first"; exit 1; }
for tool in jq python3 ip setpriv; do
	command -v $tool >/dev/null ||
		{ echo "Bail out! $tool is missing in the guest"; exit 1; }
done
# The tree is slow to read in the guest, and the command is started often.
cp "$cli" "$work/ktlsgate" && cli=$work/ktlsgate
mount | grep -q ' /sys/fs/bpf ' || mount -t bpf bpf /sys/fs/bpf

load() { [ -d /sys/module/ktlsgate ] || insmod "$KMOD"; }

modprobe tls
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(absent usage completion gate conn monitor doctor served)
for part in "${parts[@]}"; do
	echo "# $part"
	case $part in
	absent)
		if [ -d /sys/module/ktlsgate ]; then
			rmmod ktlsgate || exit 1
		fi ;;
	*)
		load || { echo "Bail out! insmod $KMOD failed"; exit 1; } ;;
	esac
	# shellcheck source=/dev/null # one of the parts
	. "$cli_dir/$part.test.sh"
done
echo "1..$number"
echo "# $((number - failed)) passed, $failed failed"
[ $failed = 0 ]
