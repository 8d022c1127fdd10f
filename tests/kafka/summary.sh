# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The end of the main job: summary.json from what the guest left, checked, and
# the same for people.

# summary FOLDER SECONDS: fails, and says what, unless all is as it should be.
summary() {
	local out=$1 wrong
	summary_json "$out" "$2" >"$out/summary.json"
	wrong=$(jq -r -f "$(dirname "${BASH_SOURCE[0]}")/check.jq" \
		"$out/summary.json")
	summary_text "$out"
	if [ -n "$wrong" ]; then
		printf '\nwrong:\n%s\n' "$wrong"
		return 1
	fi
}

summary_json() {
	jq -n --slurpfile traffic "$1/traffic.json" \
		--slurpfile refusals "$1/refusals.json" \
		--slurpfile events "$1/events.json" \
		--slurpfile table "$1/connections.json" \
		--slurpfile gate "$1/gate.json" \
		--rawfile sendfile "$1/sendfile" --rawfile steps "$1/steps" \
		--argjson seconds "$2" '
	def total(f): [$traffic[] | f] | add;
	[$events[] | select(.event == "closed")] as $closed |
	{
		produced: { records: total(.produced.records),
			    bytes: total(.produced.bytes) },
		consumed: { records: total(.consumed.records),
			    bytes: total(.consumed.bytes) },
		topics: $traffic,
		connections: {
			handed_off: $gate[0].handoffs,
			closed: ($closed | length),
			principals: ($closed | map(.principal) | unique),
			while_connected: $table[0]
		},
		sendfile: {
			calls: ($sendfile | tonumber),
			kernel_writes: $gate[0].tx_sendfile_calls,
			bytes: $gate[0].tx_sendfile_bytes
		},
		bytes: {
			to_agent: $gate[0].rx_bytes,
			to_clients: $gate[0].tx_bytes,
			outside_kernel: ([$closed[] | select(.path != "kernel") |
				.rx_bytes + .tx_bytes] | add // 0)
		},
		refusals: $refusals,
		seconds: $seconds,
		steps: [$steps | splits("\n") | select(. != "") | split("\t") |
			{ step: .[0], seconds: (.[1] | tonumber) }]
	}'
}

summary_text() {
	printf '\n'
	cat "$1/connections"
	printf '\n'
	jq -r '
	def pad(n): . + (" " * ([n - length, 0] | max));
	def group: tostring | [while(length > 0; .[:-3]) | .[-3:]] | reverse |
		join(",");
	def mib: . / 1048576 * 10 | round / 10 | "\(.) MiB";
	def line(what; records; bytes; who; said):
		(what | pad(10)) + " " + ((records | group) + " records" | pad(16))
		+ " " + (bytes | mib | pad(10)) + " " + (who | pad(11)) + " " + said;
	def sum: if .produced.sha256 == null then "records counted"
		elif .produced.sha256 == .consumed.sha256 then "checksum equal"
		else "CHECKSUM DIFFERS" end;
	def short: if test("alert") then
		capture("(?<a>alert [a-z][a-z ]*[a-z])").a
		else split(": ")[0] end;
	(.connections.principals | join(" ")) as $principal |
	(.topics[] |
		line("produced"; .produced.records; .produced.bytes;
		     .produced.client; "principal " + $principal),
		line("consumed"; .consumed.records; .consumed.bytes;
		     .consumed.client; sum)),
	"sendfile   \(.sendfile.calls | group) calls by the broker on gated connections, \(.sendfile.bytes | mib), \(.bytes.outside_kernel) bytes encrypted outside the kernel",
	(.refusals[] | "refused    " + (.what | pad(24)) + " client: "
		+ (.client | short | pad(28)) + " helper: " + .helper),
	"took       \(.seconds) s"
	' "$1/summary.json"
	printf '%s\n' "           all of it in build/run/summary.json"
}
