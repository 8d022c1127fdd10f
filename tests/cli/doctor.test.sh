# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# ktlsgate doctor

finds() { # finds LEVEL CHECK TEXT
	jq -e --arg l "$1" --arg c "$2" --arg t "$3" 'any(.findings[];
		.level == $l and .check == $c and (.message | contains($t)))' \
		<<<"$out" >/dev/null
}

gate gate add registry port 8081
gate -j doctor
[ "$code" = 2 ] && json '.failed > 0'
ok 'a failure ends with 2'
finds fail listener 'gate registry: nothing listens on port 8081'
ok 'a gate without an agent'
json 'all(.findings[] | select(.level == "fail" or .level == "warn");
	.action | length > 0)'
ok 'each finding says what to do'
finds ok module "module ktlsgate "
ok 'the module'
finds ok kernel "$(uname -r)"
ok 'the kernel'
finds ok openssl "$(openssl version | cut -d ' ' -f 2)"
ok 'OpenSSL'
if grep -q aesni_intel /proc/modules; then
	finds ok aes_gcm "$(awk -v RS= '/name +: gcm\(aes\)\n/ {
		match($0, /driver +: [^\n]+/)
		d = substr($0, RSTART, RLENGTH); sub(/.* : |.*: /, "", d)
		match($0, /priority +: [0-9]+/)
		p = substr($0, RSTART, RLENGTH); sub(/.*: /, "", p)
		if (p + 0 > best) { best = p + 0; name = d }
		} END { print name }' /proc/crypto)"
	ok 'the AES-GCM driver of the highest priority'
fi
gate doctor
[[ $out == *'FAIL  gate registry: nothing listens on port 8081: start the agent, or delete the gate'* ]]
ok 'the same as text'
[[ $(tail -n 1 <<<"$out") =~ ^[0-9]+\ failed,\ [0-9]+\ warnings?$ ]]
ok 'the last line counts'

agent_start
agent '["listen", 8081]'
gate -j doctor
finds ok listener 'gate registry: the agent listens on port 8081 (ipv4)'
ok 'an agent that listens'
agent_stop
gate gate set registry state down
gate -j doctor
finds warn state 'gate registry is down'
ok 'a gate that is down'
gate gate del registry

lowat=/proc/sys/net/ipv4/tcp_notsent_lowat
before=$(<$lowat)
echo 16384 >$lowat
gate -j doctor
finds warn tcp_notsent_lowat 'tcp_notsent_lowat is 16384'
ok 'a small tcp_notsent_lowat'
echo 131072 >$lowat
gate -j doctor
finds ok tcp_notsent_lowat 131072
ok 'a larger one'
echo "$before" >$lowat
