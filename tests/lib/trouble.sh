# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What in the kernel's log means that something is wrong. How many leaks kmemleak
# suspects is no news: its report is read after each program.

trouble_words='WARNING|BUG|KASAN|UBSAN|Oops|INFO: possible|INFO: task|inconsistent'
trouble_words+='|possible (circular|recursive|irq)|refcount_t|general protection'
trouble_words+='|sleeping function|scheduling while atomic|suspicious RCU'
trouble_words+='|Call Trace|Attempt to release|DEBUG_LOCKS'
trouble_words+='|slab.*(corrupt|overwritten)|page allocation failure|Out of memory'

# trouble: whether there is some in the log on standard input
trouble() { grep -qE "$trouble_words"; }

# without_memcg_oom: the log without the traces of reports that a process was killed at
# the limit of its memory cgroup. All else in such a report stays, for another
# processor may have said it; so does a report that the whole machine's memory is
# gone.
without_memcg_oom() {
	awk 'function put() { for (i = 0; i < n; i++) print held[i]; n = 0 }
	/ invoked oom-killer: / { put(); inside = 1; trace = -1 }
	!inside { print; next }
	/ Call Trace:$/ && trace < 0 { trace = n }
	{ held[n++] = $0 }
	/ Memory cgroup out of memory: Killed process / {
		if (trace >= 0) sub(/ Call Trace:$/, " (trace)", held[trace])
		put(); inside = 0
	}
	/ Out of memory: / { put(); inside = 0 }
	END { put() }'
}

# without_known_leaks: kmemleak's report without what the kernel loses by itself:
# kmem_cache_create() that has no memory for the folder of the cache in sysfs goes on
# without it, and nobody frees its name (sock/unload lets that happen).
without_known_leaks() {
	awk 'function put() { if (!known) printf "%s", object; object = ""; known = 0 }
	/^unreferenced object / { put() }
	/ sysfs_slab_add\+/ { known = 1 }
	{ object = object $0 "\n" }
	END { put() }'
}

# without_failed_caches: the log without the traces of kmem_cache_create() that had no
# memory, which the kernel prints as if that were a mistake. All else stays.
without_failed_caches() {
	awk '/kmem_cache_create[a-z_]*\(.*\) failed with error -/ { inside = 1 }
	inside && / Call Trace:$/ { sub(/ Call Trace:$/, " (trace)"); inside = 0 }
	{ print }'
}
