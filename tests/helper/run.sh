#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: --init=systemd --env LIMIT=1800
# The tests of the helper and of steering, in the guest, as TAP. With names of
# parts (config dn refusals ...) only those.
# tests/static/parts runs certs and dn, which need no kernel.
all=(config names mapping spiffe admission handshake profiles refusals chains
     choice pkcs11 steering limits hostile death resources
     agent reload rotation resumption crl ocsp live relay
     keyupdate namespace service)
[ "${1-}" != --parts ] || { echo "${all[@]}"; exit; }
. "$(dirname "$0")/lib.sh"

[ -d /sys/module/ktlsgate ] || insmod "$KMOD" || exit 1
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip link set lo up
certificates

# As tests/guest asks for one part.
[ "${1-}" != -t ] || shift
parts=("$@")
[ $# -gt 0 ] || parts=("${all[@]}")
for part in "${parts[@]}"; do
	echo "# $part"
	. "$helper_dir/$part.sh"
	check "the helper of $part ends well" helper_stop
	agents_stop
done
finish
