# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for ktlsgate(8)

_ktlsgate_gates()
{
	local words=(ktlsgate -j)

	[[ -n $1 ]] && words+=(-n "$1")
	"${words[@]}" gate show 2>/dev/null | tr '{' '\n' |
		sed -n 's/.*"name":"\([^"]*\)".*/\1/p' | _ktlsgate_plain
}

# compgen expands its words: names that mean something to the shell stay out.
_ktlsgate_plain()
{
	grep -x '[A-Za-z0-9_.:@%+-]*'
}

_ktlsgate_ids()
{
	local words=(ktlsgate)

	[[ -n $1 ]] && words+=(-n "$1")
	"${words[@]}" conn show 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_ktlsgate_reply()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The keywords that are not given yet.
_ktlsgate_keywords()
{
	local word given=" ${words[*]:i} " left=

	for word in "$@"; do
		[[ $given == *" $word "* ]] || left+=" $word"
	done
	_ktlsgate_reply "$left"
}

_ktlsgate()
{
	local cur prev words cword netns='' object='' command='' i
	local alerts='access_denied bad_certificate certificate_revoked
		certificate_expired certificate_unknown internal_error
		user_canceled'

	_init_completion -n : || return
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		-n) netns=${words[++i]} ;;
		-*) ;;
		*) object=${words[i]}; break ;;
		esac
	done

	case $prev in
	-n)
		_ktlsgate_reply "$(ls /run/netns 2>/dev/null |
			_ktlsgate_plain)"
		return ;;
	gate)
		if [[ -n $object && $i -lt $((cword - 1)) ||
		      $object == @(monitor|stats) ]]; then
			_ktlsgate_reply "$(_ktlsgate_gates "$netns")"
			return
		fi ;;
	state)
		_ktlsgate_reply 'up down'
		return ;;
	id)
		_ktlsgate_reply "$(_ktlsgate_ids "$netns")"
		return ;;
	alert)
		_ktlsgate_reply "$alerts"
		return ;;
	address)
		_ktlsgate_reply 'any'
		return ;;
	port | peer | principal | key-records)
		return ;;
	esac

	if [[ -z $object ]]; then
		if [[ $cur == -* ]]; then
			_ktlsgate_reply '-j -p -s -n -V -h'
		else
			_ktlsgate_reply 'gate conn stats monitor doctor help'
		fi
		return
	fi

	((i + 1 < cword)) && command=${words[i + 1]}
	((i += 2))
	case $object:$command in
	gate:) _ktlsgate_reply 'show add set del' ;;
	gate:show | gate:del)
		((cword == i)) && _ktlsgate_reply "$(_ktlsgate_gates "$netns")" ;;
	gate:add)
		((cword > i)) && _ktlsgate_keywords port address state key-records ;;
	gate:set)
		if ((cword == i)); then
			_ktlsgate_reply "$(_ktlsgate_gates "$netns")"
		else
			_ktlsgate_keywords port address state key-records
		fi ;;
	conn:) _ktlsgate_reply 'show kill' ;;
	conn:show) _ktlsgate_keywords id gate principal peer ;;
	conn:kill) _ktlsgate_keywords id gate principal peer all alert ;;
	stats: | monitor:) _ktlsgate_reply 'gate' ;;
	doctor:) _filedir '@(yaml|yml)' ;;
	esac
}

complete -F _ktlsgate ktlsgate
