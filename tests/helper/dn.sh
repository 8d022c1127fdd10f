# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Distinguished names as Java prints them: both print the same thousands.

build() {
	cc -D_GNU_SOURCE -o "$work/dn" "$helper_dir/dn.c" \
		"$tree"/userspace/{dn,mem,log}.c -lcrypto -lsystemd
}
check "the printer builds" build
names() { python3 "$helper_dir/names.py" "${NAMES:-5000}" >"$work/names"; }
check "names are made" names
check "ours" eval '"$work/dn" <"$work/names" >"$work/ours"'
check "Java's" eval 'java "$helper_dir/Dn.java" <"$work/names" >"$work/javas"'

# A name that one of the two cannot read is refused in the handshake already.
compare() {
	paste "$work/ours" "$work/javas" "$work/names" | awk -F '\t' '
		$1 == "unreadable" || $2 == "unreadable" { skipped++; next }
		$1 != $2 {
			print "ours  ", $1; print "Java'"'"'s", $2; print "name  ", $3
			bad++
		}
		{ same++ }
		END {
			print same, "compared,", skipped + 0, "not readable for one"
			exit bad > 0 || same < 1000
		}'
}
check "both print the same" compare
