# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Steps of the main job, on the host and in the guest: what is done and how long
# it took, for the reader and, a line each, in the file $steps.

# step TITLE COMMAND...
step() {
	local start=${EPOCHREALTIME/./}
	step_title=$1
	shift
	printf '\n== %s\n' "$step_title"
	"$@"
	step_end "$start"
}

step_end() {
	local ms=$(((${EPOCHREALTIME/./} - $1) / 1000)) seconds
	printf -v seconds '%d.%d' $((ms / 1000)) $((ms / 100 % 10))
	printf '   %s s\n' "$seconds"
	printf '%s\t%s\n' "$step_title" "$seconds" >>"$steps"
	step_title=''
}

# For an EXIT trap: which step it was that failed.
step_failed() { [ -z "${step_title:-}" ] || printf '\nfailed: %s\n' "$step_title"; }

# With long steps: their output as it comes, set apart.
indented() { sed -u 's/^/   /'; }
