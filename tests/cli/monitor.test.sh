# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# ktlsgate monitor

watch() { # watch NAME OPTION...: events go to $work/NAME
	local name=$1

	shift
	"$cli" "$@" >"$work/$name" 2>"$work/$name.err" &
	eval "$name=\$!"
	# it is there when its socket is in the group: the marks below arrive
	until_true marked "$name"
}
marked() {
	"$cli" gate add mark port 1 && "$cli" gate del mark
	grep -q mark "$work/$1"
}
has_line() { grep -Eq "$2" "$work/$1"; }
ends() { # ends NAME: stop it by SIGTERM, its code
	local pid=${!1}

	kill -TERM "$pid"
	wait "$pid"
}

agent_start
gate gate add kafka port 9092
agent '["listen", 9092]'
time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}'

watch text monitor
watch lines -j monitor

gate gate add registry port 8081 address 127.0.0.1
gate gate set registry state down
gate gate del registry
until_true has_line text \
	"^${time}Z gate     registry port 8081 address 127.0.0.1 state up\$"
ok 'a gate that is added'
until_true has_line text 'gate +registry port 8081 .* state down$'
ok 'a gate that is changed'
until_true has_line text 'deleted +registry port 8081 '
ok 'a gate that is deleted'

agent '["handoff", 9092, "kafka", {"principal": "CN=\u001b[7mevil",
	"tls-version": 772, "group": 29}]'
id=$(jq .id <<<"$answer") port=$(jq .port <<<"$answer")
until_true has_line text "^${time}Z accepted kafka 127.0.0.1:$port \
CN=.x1b\[7mevil TLS 1.3 AES-256-GCM X25519 1.9ms\$"
ok 'a connection that is accepted, its name escaped'
agent "[\"send\", $id, 2048]"
agent "[\"close\", $id]"
until_true has_line text "^${time}Z closed   kafka 127.0.0.1:$port \
CN=.x1b\[7mevil agent-close rx 0 tx 2.0K after [0-9]+s\$"
ok 'a connection that ends'
agent '["refuse", {"gate": "kafka", "peer-address": "10.0.9.2",
	"peer-port": 38022, "code": "no-certificate",
	"reason": "no client\u001b certificate", "alert": 116}]'
until_true has_line text "^${time}Z refused  kafka 10.0.9.2:38022 \
no client.x1b certificate \(alert certificate_required sent\)\$"
ok 'a client that is refused'
agent '["refuse", {"gate": "kafka", "peer-address": "10.0.9.2",
	"peer-port": 38023, "code": "not-tls", "reason": "no TLS record",
	"principal": "ANONYMOUS"}]'
until_true has_line text \
	'refused +kafka 10.0.9.2:38023 ANONYMOUS no TLS record$'
ok 'a refusal without an alert'

event() { # event CONDITION: one of the JSON lines has it
	jq -se "any(.[]; $1)" "$work/lines" >/dev/null 2>&1
}
until_true event '.event == "gate" and .name == "registry" and
	.state == "down" and .port == 8081'
ok 'a gate as a JSON line'
until_true event '.event == "deleted" and .name == "registry"'
ok 'a deleted gate as a JSON line'
until_true event ".event == \"accepted\" and .id == $id and
	.principal == \"CN=\\u001b[7mevil\" and .group == \"X25519\" and
	(.time | test(\"^${time}[.][0-9]{3}Z\$\"))"
ok 'an accepted connection as a JSON line'
until_true event ".event == \"closed\" and .id == $id and
	.close_reason == \"agent-close\" and .tx_bytes == 2048"
ok 'a closed connection as a JSON line'
until_true event '.event == "refused" and .code == "no-certificate" and
	.peer_port == 38022 and .alert == "certificate_required" and
	.reason == "no client\u001b certificate"'
ok 'a refusal as a JSON line'
[ "$(wc -l <"$work/lines")" = "$(jq -c . "$work/lines" | wc -l)" ]
ok 'each event is one line'
[ "$(date -u +%s)" -ge "$(date -d "$(tail -n 1 "$work/text" |
	cut -d ' ' -f 1)" +%s)" ]
ok 'the time is not in the future'

ends text && [ ! -s "$work/text.err" ]
ok 'a signal ends it with 0'
ends lines
ok 'with -j, too'

watch one monitor gate mark
gate gate add registry port 8081
gate gate del registry
marked one
! has_line one registry
ok 'monitor gate NAME leaves the others out'
ends one
ok 'and ends with 0'

# Stopped, it cannot read: 16 KiB a message fill its buffer.
watch slow -j monitor
kill -STOP "$slow"
agent '["flood", 2500, {"gate": "kafka", "peer-address": "10.0.9.2",
	"peer-port": 1, "code": "other", "reason": "flood",
	"principal": "'"$(printf 'x%.0s' {1..8000})"'"}]'
[ "$answer" = '"ok"' ]
ok 'more events than there is room for'
kill -CONT "$slow"
until_true has_line slow '"event":"lost"'
ok 'monitor says that some were lost'
marked slow
until_true has_line slow '"event":"deleted","name":"mark"'
ok 'and goes on'
ends slow
ok 'to its end with 0'

agent_stop
gate gate del kafka
watch last monitor
rmmod ktlsgate
ok 'monitor does not hold the module'
wait "$last"
[ $? = 3 ] && grep -q 'the module ktlsgate was unloaded' "$work/last.err"
ok 'and ends with 3 when it goes'
