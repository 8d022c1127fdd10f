# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# What bash offers behind the words of a command line, by Debian's bash-completion.

# offered WORD... CURRENT: what completes CURRENT, in $out. In a shell of its own, in
# which ktlsgate is the one that was built.
offered() {
	mkdir -p "$work/bin"
	ln -sf "$cli" "$work/bin/ktlsgate"
	# shellcheck disable=SC2016 # expanded in that shell
	PATH=$work/bin:$PATH bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		. "$1/tools/ktlsgate.bash"
		COMP_WORDS=(ktlsgate "${@:2}")
		COMP_CWORD=$#
		COMP_LINE="${COMP_WORDS[*]}"
		COMP_POINT=${#COMP_LINE}
		COMP_CWORD=$((COMP_CWORD - 1))
		_ktlsgate
		printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "
	' bash "$tree" "$@" >"$work/out" 2>"$work/err" </dev/null
	code=$?
	out=$(<"$work/out")
	err=$(<"$work/err")
}

# completes WORDS ANSWER: all that is offered, sorted
completes() {
	local -a line
	read -ra line <<<"$1"
	[ "${1: -1}" != ' ' ] || line+=('')
	offered "${line[@]}"
	[ "$out" = "$2" ] && [ -z "$err" ]
	ok "ktlsgate $1: ${2:-nothing}"
}

gate gate add compl-one port 19092
gate gate add compl-two port 19093

completes ' ' 'conn doctor gate help monitor stats'
completes 'g' 'gate'
completes '-' '-V -h -j -n -p -s'
completes 'gate ' 'add del set show'
completes 'gate s' 'set show'
completes 'gate show ' 'compl-one compl-two'
completes 'gate show compl-t' 'compl-two'
completes 'gate del x' ''
completes 'gate set compl-one ' 'address key-records port state'
completes 'gate set compl-one state ' 'down up'
completes 'gate set compl-one state down ' 'address key-records port'
completes 'gate set compl-one port ' ''
completes 'conn ' 'kill show'
completes 'conn kill ' 'alert all gate id peer principal'
completes 'conn show gate ' 'compl-one compl-two'
completes 'conn kill alert acc' 'access_denied'
completes 'stats ' 'gate'
completes 'monitor gate compl-o' 'compl-one'
completes 'nonsense ' ''

# A name that means something to the shell would be expanded by it.
gate gate add 'compl$(touch bad)' port 19094
completes 'gate show ' 'compl-one compl-two'
for name in compl-one compl-two 'compl$(touch bad)'; do gate gate del "$name"; done
