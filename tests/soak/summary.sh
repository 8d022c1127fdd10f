# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The end of a soak: summary.json from what the guest left, and the same for
# people.

# summary FOLDER SEED MINUTES: fails when something is as it must not be.
summary() {
	local out=$1 name arguments=()
	for name in producers consumers events actions memory gate remains; do
		arguments+=(--slurpfile $name "$out/$name.json")
	done
	jq -n "${arguments[@]}" --argjson seed "$2" --argjson minutes "$3" \
		-f "$(dirname "${BASH_SOURCE[0]}")/summary.jq" \
		>"$out/summary.json" || return
	summary_text "$out/summary.json"
	jq -e '.violations == []' "$out/summary.json" >/dev/null
}

summary_text() {
	jq -r '
	def pad(n): tostring | . + (" " * ([n - length, 0] | max));
	def line(what): (what | pad(12)) + " " + .;
	def list: to_entries | map("\(.key) \(.value)") | join(", ");
	def from_to: "\(.start) KiB at the start, \(.end) at the end";
	"",
	("\(.produced) records by idempotent producers" | line("produced")),
	(.consumers[] | "\(.records) records by \(.name), in \(.runs) runs" |
		line("consumed")),
	("lost \(.lost), duplicated \(.duplicated), corrupted \(.corrupted); read again after a restart \(.redelivered)" |
		line("records")),
	(.actions | list | line("happened")),
	("\(.key_updates.received) received, \(.key_updates.sent) sent" |
		line("KeyUpdates")),
	("\(.connections.handed_off) handed off, \(.connections.open) left" |
		line("connections")),
	(.connections.closed | list | line("  closed")),
	(.connections.refused | list | line("  refused")),
	(.memory.helper | "PSS \(.pss_kb | from_to), RSS \(.rss_kb | from_to); \(.processes) processes, none of them grew by more than \(.pss_kb.growth) KiB" |
		line("helper")),
	(.memory.slabs_unreclaimable_kb | from_to | line("slabs")),
	(.memory.slabs | to_entries[] | select(.key | startswith("kmalloc") | not) |
		"\(.key | pad(22)) \(.value.start.objects // 0) objects, \(.value.end.objects // 0)" |
		line("")),
	([.memory.slabs | to_entries[] | select(.key | startswith("kmalloc")) | .value] |
		"\("kmalloc" | pad(22)) \(map(.start.objects // 0) | add) objects, \(map(.end.objects // 0) | add)" |
		line("")),
	("seed \(.seed), \(.minutes) minutes" | line("soak")),
	(.violations[] | line("WRONG"))
	' "$1"
	printf '%-12s %s\n' "" "all of it in build/soak/summary.json"
}
