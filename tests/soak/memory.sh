# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # soak and lib.sh have the rest
# What helper and kernel use, from time to time.

# Slabs that a connection has part in: the module's, those of TCP and sockets,
# and kmalloc's, from which kTLS has its contexts.
slabs_json() {
	awk '$1 ~ /^(ktlsgate|TCP|request_sock_TCP|sock_inode|skbuff|kmalloc-)/ {
		print $1, $2, $3 * $4 }' /proc/slabinfo |
		jq -Rn '[inputs / " " | { key: .[0], value: {
			objects: (.[1] | tonumber), bytes: (.[2] | tonumber) } }] |
			from_entries'
}

# kB of a field of the helper's memory, 0 while there is no helper
helper_kb() {
	awk -v field="$1:" '$1 == field { kb = $2 } END { print kb + 0 }' \
		"/proc/$2/smaps_rollup" 2>/dev/null || echo 0
}

sample() {			# WHEN: before, during, after
	local pid
	pid=$(helper_pid)
	jq -nc --arg when "$1" --argjson at $((SECONDS - began)) \
		--argjson pid "$pid" --argjson rss "$(helper_kb Rss "$pid")" \
		--argjson pss "$(helper_kb Pss "$pid")" \
		--argjson unreclaimable \
			"$(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)" \
		--argjson slabs "$(slabs_json)" '$ARGS.named' >>"$out/memory.json"
}
