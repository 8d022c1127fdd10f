# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reads TAP and the @@ lines of tests/guest, keeps what passed and what did not,
# and says so as it happens. Several guests write here at the same time.
# shellcheck disable=SC2154 # logs and tree are the caller's

results_open() {
	results=$logs/results
	rm -f "$results" "$results".* "$results-again"
	began=$SECONDS
}

# record KERNEL pass|fail|skip NAME [LOG [FIRST-LINE LAST-LINE]]
record() {
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}" "${5-}" \
		"${6-}" >>"$results.$1"
}

# unsteady KERNEL: the shell suites with a failure that haste of a busy host could
# explain: they start clients that take seconds in emulation. Not sock/: a test
# there that fails now and then has found a race. A guest that died, what the
# kernel's log, kmemleak or a count of objects complains of, and what was not
# run, are failures at once.
unsteady() {
	local failures
	failures=$(awk -F '\t' '$2 == "fail" { print $3 }' "$results.$1" 2>/dev/null)
	grep -qE 'the guest (died|hung|does not)|(nothing-left|kernel-log|kmemleak)$|out of time$' \
		<<<"$failures" && return
	sed -n 's/: .*//p' <<<"$failures" | grep -v '^sock/' | sort -u
}

# forget KERNEL PROGRAM: it is run again. What failed is told all the same.
forget() {
	awk -F '\t' -v p="$2: " '$2 == "fail" && index($3, p) == 1 {
		print "tried again: " $1 " " $3 }' "$results.$1" | tee -a "$results-again"
	awk -F '\t' -v p="$2: " 'index($3, p) != 1' "$results.$1" >"$results.new.$1"
	mv "$results.new.$1" "$results.$1"
}

# progress KERNEL WHAT RESULT SECONDS
progress() { printf '%-6s %-24s %-34s %5s s\n' "$1" "$2" "$3" "$4"; }

counts() {
	printf '%d passed, %d failed' "$1" "$2"
	[ "$3" = 0 ] || printf ', %d skipped' "$3"
}

# short PROGRAM: sock/handoff, cli; of a suite that has parts also which one it
# is, helper/reload.
short() {
	local name=${1%%:*} part=''
	case $1 in tests/helper/run.sh:*) part=/${1#*:} ;; esac
	name=${name#build/guest/}
	name=${name#tests/}
	echo "${name%/run.sh}$part"
}

# collect KERNEL LOG: reads standard input to its end. Afterwards `collected`
# is how many programs began, the one that killed the guest among them.
collect() {
	local kernel=$1 log=$2 line program='' current='' name lines=0 first=0
	local passed=0 failed=0 skipped=0 plan=0 planned=no seen=0 status ms
	collected=0
	: >"$log"
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$log"
		lines=$((lines + 1))
		case $line in
		'@@ begin '*)
			program=$(short "${line#@@ begin }")
			collected=$((collected + 1))
			passed=0 failed=0 skipped=0 plan=0 planned=no seen=0
			first=$lines current='' ;;
		'#  RUN '*)
			current=${line#"#  RUN "}
			current=${current# *}
			current=$(echo "${current%...}" | tr -d ' ')
			first=$lines ;;
		'1..'*)
			planned=yes
			plan=${line#1..}
			plan=${plan%%[!0-9]*} ;;
		'ok '* | 'not ok '*)
			name=${line#not }
			name=${name#ok }
			[[ $name =~ ^[0-9]+\ *(.*)$ ]] &&
				name=${BASH_REMATCH[1]} && seen=$((seen + 1))
			name=${name#- }
			case $line in
			'not ok '*'# TODO'*) ;;
			'not ok '*)
				failed=$((failed + 1))
				record "$kernel" fail "$program: $name" "$log" \
					"$first" "$lines" ;;
			*'# SKIP'*)
				skipped=$((skipped + 1))
				record "$kernel" skip "$program: $name" ;;
			*)
				passed=$((passed + 1))
				record "$kernel" pass "$program: $name" ;;
			esac
			current='' first=$((lines + 1)) ;;
		'@@ end '*)
			read -r _ _ _ status ms <<<"$line"
			ends "$status"
			progress "$kernel" "$program" \
				"$(counts $passed $failed $skipped)" \
				"$((ms / 1000)).$((ms / 100 % 10))"
			program='' ;;
		'@@ skip '*)
			collected=$((collected + 1))
			record "$kernel" skip \
				"$(short "${line#@@ skip }"): no time left" ;;
		'@@ fatal '*)
			record "$kernel" fail "${line#@@ fatal }" "$log" 1 "$lines"
			echo "$kernel: ${line#@@ fatal }"
			collected=1000000 ;;
		'@@ ended '*)
			status=${line##* } ;;
		esac
	done
	[ -n "$program" ] || {
		# Dead before the first program: nothing will change that.
		if [ "${status:-0}" != 0 ] && [ $collected = 0 ]; then
			record "$kernel" fail "the guest does not start" "$log" \
				"$((lines > 40 ? lines - 40 : 1))" "$lines"
			echo "$kernel: the guest does not start: see $log"
			collected=1000000
		fi
		return 0
	}
	if [ "$status" = 124 ] && [ $SECONDS -ge "$time" ]; then
		line="out of time${current:+ in $current}"
		record "$kernel" "$(late "$kernel")" "$program: $line" "$log" \
			"$first" "$lines"
		progress "$kernel" "$program" "$line" -
		return
	fi
	line="the guest died (status $status)${current:+ in $current}"
	[ "$status" != 124 ] ||
		line="the guest hung and was killed${current:+ in $current}"
	record "$kernel" fail "$program: $line" "$log" "$first" "$lines"
	progress "$kernel" "$program" "$line" -
}

# What a program that ended did not say by TAP.
ends() {
	if [ "$plan" -gt "$seen" ]; then
		failed=$((failed + 1))
		record "$kernel" fail \
			"$program: ended after $seen of $plan tests (status $1)" \
			"$log" "$first" "$lines"
	elif [ "$planned" = yes ] && [ "$plan" = 0 ]; then
		failed=$((failed + 1))
		record "$kernel" fail "$program: has no such test" "$log" \
			"$first" "$lines"
	elif [ "$1" = 4 ] && [ "$seen" = 0 ]; then
		skipped=$((skipped + 1))
		record "$kernel" skip "$program"
	elif [ "$1" != 0 ] && [ "$failed" = 0 ]; then
		failed=$((failed + 1))
		record "$kernel" fail "$program: exit status $1" "$log" \
			"$first" "$lines"
	elif [ "$seen" = 0 ] && [ "$((passed + failed + skipped))" = 0 ]; then
		failed=$((failed + 1))
		record "$kernel" fail "$program: reported nothing" "$log" \
			"$first" "$lines"
	fi
}

# The failures once more, with what led to them, and the one closing line.
results_close() {
	local kernel result name log first last passed failed skipped
	cat "$results".* >"$results" 2>/dev/null
	if [ -e "$results-again" ]; then
		echo
		echo "Not steady, each program was run once more:"
		cat "$results-again"
	fi
	passed=$(grep -cP '^[^\t]*\tpass\t' "$results")
	failed=$(grep -cP '^[^\t]*\tfail\t' "$results")
	skipped=$(grep -cP '^[^\t]*\tskip\t' "$results")
	if [ "$skipped" != 0 ]; then
		echo
		awk -F '\t' '$2 == "skip" { print "skipped  " $1 " " $3 }' "$results"
	fi
	if [ "$failed" != 0 ]; then
		echo
		echo "Failures:"
		while IFS=$'\t' read -r kernel result name log first last; do
			[ "$result" = fail ] || continue
			printf '\nnot ok  %s %s\n' "$kernel" "$name"
			[ -z "$log" ] || printf '  log: %s\n' "${log#"$tree"/}"
			[ -z "$first" ] || sed -n "${first},${last}p" "$log" |
				tail -n 40 | sed 's/^/  /'
		done <"$results"
	fi
	echo
	echo "took $((SECONDS - began)) s"
	counts "$passed" "$failed" "$skipped"
	echo
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}
