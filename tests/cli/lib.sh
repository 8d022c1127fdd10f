# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of the command line share: TAP, one run of the command, and
# the agent (agent.py) that makes connections.

cli_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$cli_dir/../.." && pwd)
cli=${KTLSGATE:-$tree/build/guest/tools/ktlsgate}
work=$(mktemp -d)
chmod 755 "$work"	# setpriv runs what is in there
number=0
failed=0

ok() { # ok DESCRIPTION: the result of the command before
	local status=$?

	number=$((number + 1))
	if [ $status = 0 ]; then
		echo "ok $number - $1"
		return
	fi
	failed=$((failed + 1))
	echo "# ktlsgate ended with ${code:-?} and said:"
	sed 's/^/#   /' "$work/out" "$work/err" 2>/dev/null
	echo "not ok $number - $1"
}

# Run the command; its exit code is in $code, its output in $out and $err.
gate() {
	"$cli" "$@" >"$work/out" 2>"$work/err" </dev/null
	code=$?
	out=$(<"$work/out")
	err=$(<"$work/err")
}

# The code and a piece of what it said on stderr.
refused() { [ "$code" = "$1" ] && [[ $err == *"$2"* ]] && [ -z "$out" ]; }

went_well() { [ "$code" = 0 ] && [ -z "$err" ]; }

# A jq condition on the last output, which must be one JSON document.
json() { [ "$(jq -c "$1" <<<"$out" 2>/dev/null)" = true ]; }

# Wait up to 20 s for a condition; every step of it is cheap.
until_true() {
	local end=$((SECONDS + 20))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		read -rt 0.05 <> <(:) || :
	done
}

agent_start() {
	coproc AGENT { PYTHONUNBUFFERED=1 exec python3 "$cli_dir/agent.py"; }
	# shellcheck disable=SC2153 # set by coproc
	agent_pid=$AGENT_PID
}

# One request to agent.py, its answer in $answer.
agent() {
	printf '%s\n' "${1//[$'\n\t']/}" >&"${AGENT[1]}"
	# shellcheck disable=SC2034 # for the tests
	IFS= read -rt 180 answer <&"${AGENT[0]}"
}

agent_stop() {
	local pid=$agent_pid

	eval "exec ${AGENT[1]}>&-"
	wait "$pid"
}
