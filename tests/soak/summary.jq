# SPDX-License-Identifier: GPL-2.0-or-later
# summary.json of a soak, from what the guest left ($producers and so on, see
# summary.sh), with everything that must not be under `violations`.

# What is allowed to grow, in KiB. A helper's memory is its own between its start
# and its death; the kernel's is looked at with no connection open.
def helper_growth_max: 16384;
def slab_growth_max: 65536;
# An object that the CPUs keep at hand counts as used: a slab of each.
def own_objects_growth_max: 128;

def must(condition; text): if condition then empty else text end;
def total(f): map(f) | add // 0;
def count_by(f): group_by(f) | map({ key: .[0] | f, value: length }) | from_entries;
def first_of(what): map(select(.when == what)) | first;
def made($topic): $producers | map(select(.topic == $topic)) | total(.made);
def own: .slabs | with_entries(select(.key | startswith("ktlsgate")));

# From a helper's first sample to its last.
def helper_growth(f):
	map(select(.pid != 0 and f > 0)) | group_by(.pid) |
	map((last | f) - (first | f)) | max // 0;

([$events[] | select(.event == "closed")]) as $closed |
($memory | first_of("before")) as $before |
($memory | first_of("after")) as $after |
{
	seed: $seed, minutes: $minutes,
	produced: ($producers | total(.made)),
	consumed: ($consumers | total(.records)),
	lost: ($consumers | total((.missing | total(.[1] - .[0])) +
		([made(.topic) - .next_number, 0] | max))),
	duplicated: ($consumers | total(.duplicated +
		([.next_number - made(.topic), 0] | max))),
	corrupted: ($consumers | total(.corrupted)),
	redelivered: ($consumers | total(.redelivered)),
	reordered: ($consumers | total(.reordered)),
	producers: $producers,
	consumers: $consumers,
	actions: ($actions | count_by(.kind)),
	connections: {
		handed_off: $gate[0].handoffs,
		open: $gate[0].connections,
		closed: ($closed | count_by(.close_reason)),
		refused: ([$events[] | select(.event == "refused")] | count_by(.code)),
		tls_contexts_gone: $remains[0].tls_contexts_gone
	},
	key_updates: {
		received: $gate[0].key_updates_received,
		sent: $gate[0].key_updates_sent
	},
	memory: {
		helper: {
			processes: ($memory | map(.pid) | unique - [0] | length),
			pss_kb: { start: $before.pss, end: $after.pss,
				  most: ($memory | map(.pss) | max),
				  growth: ($memory | helper_growth(.pss)) },
			rss_kb: { start: $before.rss, end: $after.rss,
				  most: ($memory | map(.rss) | max),
				  growth: ($memory | helper_growth(.rss)) }
		},
		slabs_unreclaimable_kb: {
			start: $before.unreclaimable, end: $after.unreclaimable,
			growth: ($after.unreclaimable - $before.unreclaimable)
		},
		slabs: (reduce ($before.slabs + $after.slabs | keys[]) as $name ({};
			.[$name] = { start: $before.slabs[$name],
				     end: $after.slabs[$name] }))
	}
} |
.violations = [
	must(.produced > 0; "nothing was produced"),
	must(.lost == 0; "\(.lost) records lost"),
	must(.duplicated == 0; "\(.duplicated) records duplicated"),
	must(.corrupted == 0; "\(.corrupted) records corrupted"),
	must(.reordered == 0; "\(.reordered) records out of order"),
	(.producers[] | must(.status == "0";
		"the producer of \(.topic) ended with \(.status)")),
	(.consumers[] | must(.records >= made(.topic);
		"\(.name) has \(.records) of \(made(.topic)) records")),
	(["rekey", "kill", "helper", "reload", "rotate", "revoke"][] as $kind |
		must(.actions[$kind] > 0; "no \($kind) happened")),
	($actions[] | select(.ok | not) |
		"\(.kind) at \(.at) s had no effect (\(.did))"),
	must(.key_updates.received > 0 and .key_updates.sent > 0;
	     "no KeyUpdate in both directions"),
	must(.connections.closed.killed > 0; "no connection was killed"),
	must(.connections.closed.refused > 0; "no connection was cut as revoked"),
	must(.connections.open == 0;
	     "\(.connections.open) connections are left"),
	must(.connections.handed_off == (.connections.closed | add);
	     "\(.connections.handed_off) connections handed off, \(.connections.closed | add) closed"),
	must(.connections.tls_contexts_gone; "TLS contexts are left in the kernel"),
	must([.connections.closed | keys[] | IN("decrypt-failed", "no-memory",
		"alert-sent", "key-limit")] | any | not;
	     "connections ended for: \(.connections.closed | keys | join(" "))"),
	must(.memory.helper.pss_kb.growth <= helper_growth_max;
	     "a helper grew by \(.memory.helper.pss_kb.growth) KiB"),
	must(.memory.slabs_unreclaimable_kb.growth <= slab_growth_max;
	     "the kernel's slabs grew by \(.memory.slabs_unreclaimable_kb.growth) KiB"),
	must(($after | own | length) > 0; "the module's slabs are not to be seen"),
	(.memory.slabs | to_entries[] | select(.key | startswith("ktlsgate")) |
		must((.value.end.objects // 0) - (.value.start.objects // 0) <=
			own_objects_growth_max;
		     "\(.key): \(.value.start.objects) objects before, \(.value.end.objects) after"))
]
