# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the checks of the source, which run in the guest's system with the tree at
# /src (tests/run does that) and print TAP.
set -uo pipefail
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
ksource=$tree/build/ksource
number=0 failures=0
cd "$tree" || exit 1

# ok NAME STATUS [OUTPUT]
ok() {
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number $1"
	else
		failures=$((failures + 1))
		[ -z "${3-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
		echo "not ok $number $1"
	fi
}

# empty NAME OUTPUT: passes when there is nothing to say
empty() { ok "$1" "$([ -z "$2" ]; echo $?)" "$2"; }

finish() {
	echo "1..$number"
	[ $failures = 0 ] && [ $number != 0 ]
	exit
}
