# shellcheck shell=bash
# What every script here shares: where the tree and the cache are, how to say
# something, and how to build a cache entry once, whatever else runs or dies.

set -euo pipefail
shopt -s inherit_errexit

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree_dir=$(cd "$vm_dir/../.." && pwd -P)
cache_dir=${KTLSGATE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ktlsgate}

# Messages go to stderr: stdout carries the path that a script was asked for.
say() { printf '%s\n' "vm: $*" >&2; }

die() { say "$*"; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || die "$(basename "$0") must run as root"; }

# input_hash FILE... [-- STRING...]: names a cache entry by what made it.
input_hash() {
	{
		while [ $# -gt 0 ] && [ "$1" != -- ]; do cat "$1"; shift; done
		printf '%s\n' "$@"
	} | sha256sum | cut -c1-12
}

# cached NAME HASH FUNCTION: prints the directory of the entry NAME-HASH. If
# there is none, FUNCTION fills an empty directory, which gets its final name
# only when it is complete: a killed build leaves nothing that looks whole.
cached() {
	local name=$1 final=$cache_dir/$1-$2 fill=$3 tmp start
	if [ ! -d "$final" ]; then
		mkdir -p "$cache_dir"
		(
			flock 9
			[ ! -d "$final" ] || exit 0
			# Whoever left these is dead: we hold the lock.
			rm -rf "$cache_dir/.tmp.$name".*
			tmp=$(mktemp -d "$cache_dir/.tmp.$name.XXXXXX")
			chmod 755 "$tmp"
			start=$SECONDS
			"$fill" "$tmp" >&2 9>&-
			mv "$tmp" "$final"
			say "$name: done in $((SECONDS - start)) s"
		) 9>"$cache_dir/.lock.$name"
	fi
	printf '%s\n' "$final"
}
