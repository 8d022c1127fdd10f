# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # tests/vm/lib.sh has the rest
# On the host: what the main job and the tests lay ready for their guest, in
# build/kafka and build/kafka-job of the tree, which the guest sees.

apt_install() {
	local log
	log=$(mktemp)
	DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
		--no-install-recommends "$@" >"$log" 2>&1 ||
		{ cat "$log" >&2; die "cannot install: $*"; }
	rm -f "$log"
}

# Fetching waits for the network, making the guest for the processor: together.
fetch_begin() {
	fetched=$(mktemp)
	"$tree_dir/tests/kafka/fetch" >"$fetched" &
	fetch=$!
}

fetch_end() {
	local entry name
	wait "$fetch" || die "Apache Kafka could not be fetched"
	entry=$(cat "$fetched")
	rm -f "$fetched"
	name=$(basename "$entry")
	[ ! -e "$tree_dir/build/kafka/.$name" ] || return 0
	rm -rf "$tree_dir/build/kafka"
	mkdir -p "$tree_dir/build"
	# Links where the cache is on the same file system.
	cp -al "$entry" "$tree_dir/build/kafka" 2>/dev/null || {
		rm -rf "$tree_dir/build/kafka"
		cp -a "$entry" "$tree_dir/build/kafka"
	}
	touch "$tree_dir/build/kafka/.$name"
}

# build_for_guest KERNEL: and what `make install` would put on a real machine.
build_for_guest() {
	"$vm_dir/build" "$1"
	rm -rf "$tree_dir/build/kafka-job"
	mkdir -p "$tree_dir/build/kafka-job"
	# shellcheck disable=SC2016 # expanded in the chroot
	"$vm_dir/in-guest-root" sh -euc '
		for dir in bpf userspace tools; do
			make -s -C $dir O=/src/build/guest \
				DESTDIR=/src/build/kafka-job/root install
		done'
}

# prepare NAME=RECORDS...: see tests/kafka/prepare.
prepare() {
	"$vm_dir/in-guest-root" tests/kafka/prepare /src/build/kafka-job "$@"
}

# The archive of classes, made once for this JVM and these jars.
class_archive() {
	local hash entry
	hash=$(input_hash "$tree_dir/tests/kafka/class-archive" \
		-- "$("$vm_dir/rootfs")" "$(basename "$tree_dir"/build/kafka/.kafka-*)")
	entry=$(cached classes "$hash" class_archive_fill)
	cp "$entry/classes.jsa" "$tree_dir/build/kafka-job/"
	kafka_disk "$entry"
}

# kafka_disk ENTRY: jars and ENTRY's class archive as a disk; relative to the tree in
# QEMU's arguments, whatever the path of the tree.
kafka_disk() {
	local image=$tree_dir/build/kafka/disk.img all
	disk="-drive file=build/kafka/disk.img,format=raw,if=none,id=kafka,readonly=on"
	disk+=" -device virtio-blk-pci,drive=kafka"
	cd "$tree_dir"
	[ ! -e "$image" ] || [ "$image" -ot "$1" ] || return 0
	all=$(mktemp -d)
	cp -a "$tree_dir/build/kafka/libs" "$1/classes.jsa" "$all/"
	rm -f "$image"
	truncate -s 256M "$image"
	mke2fs -q -t ext4 -F -L ktlsgate-kafka -m 0 -O ^has_journal \
		-d "$all" "$image"
	rm -rf "$all"
}

class_archive_fill() {
	unshare --net "$vm_dir/in-guest-root" --bind "$1" \
		tests/kafka/class-archive /cache/classes.jsa
}

# One JVM less to start in emulation.
format_storage() {
	"$vm_dir/in-guest-root" tests/kafka/format
}

# boot_kafka KERNEL SCRIPT [OPTION...]: the guest and, on this processor, its clients,
# in a network namespace that is made for them: what they send to port 9092 of its
# loopback comes out of a network card in the guest. All of it ends with the guest.
# OPTIONs are for tests/vm/run.
boot_kafka() {
	local kernel=$1 script=$2
	shift 2
	rm -rf "$tree_dir/build/kafka-clients"
	mkdir -p "$tree_dir/build/kafka-clients"
	# shellcheck disable=SC2016 # expanded in the namespace
	unshare --net --pid --fork --kill-child bash -euc '
		"$1/in-guest-root" ip link set lo up
		"$1/in-guest-root" bash -c "
			mount --bind /src /host
			exec /host/tests/kafka/client-host" </dev/null &
		status=0
		"${@:2}" || status=$?
		exit $status
	' bash "$vm_dir" "$vm_dir/run" --java --init=systemd --mem 3G \
		--append net.ifnames=0 --timeout 3600 --qemu "$disk $wire" "$@" \
		"$kernel" "$script"
}

# Only from the clients to the guest.
wire="-netdev user,id=wire,restrict=on,ipv6=off"
wire+=",hostfwd=tcp:127.0.0.1:9092-10.0.2.15:9092"
wire+=" -device virtio-net-pci,netdev=wire"
