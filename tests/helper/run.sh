#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --init=systemd --env LIMIT=1800
# The tests of the helper and of steering, in the guest, as TAP. With names of
# parts (config dn refusals ...) only those.
. "$(dirname "$0")/lib.sh"

[ -d /sys/module/ktlsgate ] || insmod "$KMOD" || exit 1
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip link set lo up
certificates

parts=("$@")
[ $# -gt 0 ] || parts=(config dn mapping handshake refusals steering agent reload
		       resumption relay namespace service)
for part in "${parts[@]}"; do
	echo "# $part"
	. "$helper_dir/$part.sh"
	check "the helper of $part ends well" helper_stop
	agents_stop
done
finish
