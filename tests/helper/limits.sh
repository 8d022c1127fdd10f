# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What one source may have of a gate: new connections and handshakes at once, in
# steering and in the helper. Others and live connections do not notice.

# knock NAME SOURCE COUNT [OPTION...]: see knock.py; its JSON is in $work/NAME
knock() {
	local name=$1
	shift
	timeout 300 python3 "$helper_dir/knock.py" "$@" >"$work/$name" 2>&1
}
# knock_and_hold NAME SOURCE COUNT [OPTION...]: the same, until let_go NAME
knock_and_hold() {
	mkfifo "$work/$1.go"
	knock "$@" --hold "$work/$1.go" &
	held=$!
	wait_for 60 test -s "$work/$1"
}
let_go() { : >"$work/$1.go"; wait "$held"; rm "$work/$1.go"; }
knocked() { jq -e "$2" "$work/$1" >/dev/null || { cat "$work/$1"; return 1; }; }

# count PATH: a number of the gate's, such as .steering.source_rate
count() { "$ktlsgate" -j gate show kafka | jq ".[0]$1 // 0"; }
counts() { [ "$(count "$1")" = "$2" ] || { "$ktlsgate" -j gate show kafka; return 1; }; }
crowded() {
	bpftool -j map dump pinned "$(echo /sys/fs/bpf/ktlsgate/netns-*/crowded_v*)" |
		jq length
}
is_crowded() { [ "$(crowded)" = "$1" ]; }

for limit in "max-handshakes-per-source: -1" "max-connection-rate-per-source: 1000001" \
	"max-connection-burst-per-source: 0"; do
	config "$limit"
	check "$limit is refused" checked 2 "${limit%%:*}: "
done
config "max-connection-rate-per-source: 0" "max-connection-burst-per-source: 5"
check "a burst needs a rate" checked 2 \
	"max-connection-burst-per-source: needs max-connection-rate-per-source above 0"

# A prefix for each of three hosts, and one to be dialled.
for n in 1 2 3 4; do
	ip address add "2001:db8:1:$n::1/128" dev lo nodad
	ip address add "2001:db8:1:$n::2/128" dev lo nodad
done

agent agent
config
check "the helper starts" helper_start
check "what is allowed by default is shown" eval \
	'"$ktlsgate" -j gate show kafka | jq -e ".[0].in_force |
		.\"max-handshakes-per-source\" == 2048 and
		.\"max-connection-rate-per-source\" == 1000 and
		.\"max-connection-burst-per-source\" == 10000"'
mkfifo "$work/go"
OUT=live mtls --source 127.0.0.2 --hold "$work/go" --timeout 600 >/dev/null &
live=$!
wait_for 60 grep -q "read b'hello gate'" "$work/agent.seen"
check "two hundred at once of one source are no trouble" eval \
	'knock many 127.0.0.5 200; knocked many ".connected == 200"'

# --- new connections, in steering --------------------------------------------

config "max-connection-rate-per-source: 1" "max-connection-burst-per-source: 5"
check "reload with a low rate" reload
knock fast 127.0.0.6 60
check "the burst passes, then most are refused" knocked fast \
	'.connected >= 5 and .refused > 0 and .connected + .refused == 60'
# What still comes for a connection that is gone is counted, too: see steer.bpf.c.
check "steering has counted them" eval '
	counted=$(count .steering.source_rate)
	[ "$counted" -ge "$(jq .refused "$work/fast")" ] && [ "$counted" -le 60 ]'
check "the text has as many" eval \
	'"$ktlsgate" -s gate show kafka | tr -s " " |
	 grep -qx " dropped source-rate $(count .steering.source_rate)"'
check "no worker has seen them" counts '.refused_by["source-limit"]' 0
check "another source passes meanwhile" mtls_echo --source 127.0.0.7
told() { # how many the log has of them: in one line, or two if a second ended
	sed -n 's/.*dropped before accept: \([0-9]*\) over max-connection-rate.*/\1/p' \
		"$work/helper.log" | awk '{ n += $1 } END { print n + 0 }'
}
check "the log has them in a line or two" wait_for 60 eval \
	'[ "$(told)" = "$(count .steering.source_rate)" ] && [ "$(log_lines dropped)" -le 2 ]'
check "and names the source" logged \
	"the last source over its limit: 127.0.0.6"
check "the source itself is let in again with time" wait_for 60 \
	mtls_echo --source 127.0.0.6
knock six 2001:db8:1:1::1 30 --address 2001:db8:1:4::1
check "IPv6: limited as well" knocked six '.refused > 0'
knock next 2001:db8:1:1::2 30 --address 2001:db8:1:4::1
check "its neighbour in the /64 shares what is left" knocked next '.refused > 0'
knock other 2001:db8:1:2::1 5 --address 2001:db8:1:4::1
check "another /64 has all" knocked other '.connected == 5'

# --- handshakes at once ------------------------------------------------------

config "max-connection-rate-per-source: 0" "max-handshakes-per-source: 3" \
	"handshake-timeout: 300s"
check "reload with three handshakes for each source" reload
dropped=$(count .steering.source_handshakes)
knock_and_hold three 127.0.0.8 10
refused() { # of these ten by the helper or before it
	echo $(($(count '.refused_by["source-limit"]') +
		$(count .steering.source_handshakes) - dropped))
}
check "three stay, seven do not" wait_for 60 eval '[ "$(refused)" = 7 ]'
check "steering knows that the source is crowded" is_crowded 1
dropped=$(count .steering.source_handshakes)
knock more 127.0.0.8 20
check "then none comes to accept" knocked more '.refused == 20'
check "as is counted" counts .steering.source_handshakes $((dropped + 20))
check "another source passes" mtls_echo --source 127.0.0.7
let_go three
check "they end: the source is not crowded any more" wait_for 60 is_crowded 0
check "and passes" mtls_echo --source 127.0.0.8

config "max-connection-rate-per-source: 0" "max-handshakes: 4" \
	"max-handshakes-per-source: 0" "handshake-timeout: 300s"
check "reload with four handshakes in all" reload
before=$(($(count .refused_by.overload) + $(count .steering.gate_handshakes)))
knock_and_hold all 127.0.0.8 10
full() {
	[ $(($(count .refused_by.overload) +
		$(count .steering.gate_handshakes) - before)) = 6 ]
}
check "four stay, six do not" wait_for 60 full
check "steering knows that the gate is full" is_crowded 1
knock else 127.0.0.9 5
check "then nobody else comes to accept either" knocked else '.refused == 5'
helper_kill
let_go all
check "the helper is killed while the gate is full: the next one begins anew" \
	helper_start
check "with nobody crowded" is_crowded 0
check "and serves" mtls_echo
echo >"$work/go"
wait $live
check "the live connection went through all of it" \
	jq -e .held "$work/live.json"

config "max-connection-rate-per-source: 0" "max-handshakes-per-source: 0"
check "reload without limits for sources" reload
knock free 127.0.0.6 300
check "nobody is refused" knocked free '.connected == 300'

# --- in the helper alone -----------------------------------------------------

check "without steering" restart_with "steering: false" "listen-port: 9443" \
	"max-connection-rate-per-source: 1" "max-connection-burst-per-source: 5"
"$ktlsgate" -j monitor >"$work/events" &
agents+=($!)
seen=$(count '.refused_by["source-limit"]')
client --raw ffffffffffff --count 40 --port 9443 --source 127.0.0.6 >/dev/null
check "the helper refuses what is over the rate" logged \
	"refused: more than 1 new connections a second of its source"
check "and counts it" eval \
	'[ "$(count ".refused_by[\"source-limit\"]")" -gt "$seen" ]'
check "an event tells it" wait_for 60 eval \
	'jq -es "any(.event == \"refused\" and .code == \"source-limit\" and
		.peer_address == \"127.0.0.6\")" "$work/events"'
check "another source passes there" mtls_echo --port 9443 --source 127.0.0.7
check "the other one again with time" wait_for 60 \
	mtls_echo --port 9443 --source 127.0.0.6
check "what was left out of the log is told by itself" wait_for 60 logged \
	"more refused clients not logged"
check "with handshakes limited" restart_with "steering: false" \
	"listen-port: 9443" "max-handshakes-per-source: 3" "handshake-timeout: 300s"
seen=$(count '.refused_by["source-limit"]')
knock_and_hold three 127.0.0.8 10 --port 9443
check "three stay, seven are refused" wait_for 60 counts \
	'.refused_by["source-limit"]' $((seen + 7))
check "and logged" logged "refused: more than 3 handshakes at once of its source"
check "another source passes there, too" mtls_echo --port 9443 \
	--source 127.0.0.7
let_go three
check "and the source again" wait_for 60 mtls_echo --port 9443 \
	--source 127.0.0.8
for n in 1 2 3 4; do
	ip address del "2001:db8:1:$n::1/128" dev lo
	ip address del "2001:db8:1:$n::2/128" dev lo
done
