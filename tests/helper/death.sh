# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The helper is killed, again and again: live connections do not notice, those
# that arrive wait and are served, and never in plaintext.

throng() { # throng NAME ARGUMENT...: see throng.py, in the background
	local name=$1
	shift
	timeout 1500 python3 "$helper_dir/throng.py" "$@" --stop "$work/stop" \
		--ca "$work/ca.crt" --cert "$work/client.crt" \
		--key "$work/client.key" >"$work/$name.json" 2>"$work/$name.err" &
	throngs+=($!)
}
throng_stop() {
	touch "$work/stop"
	wait "${throngs[@]}"
	rm "$work/stop"
	throngs=()
}
fared() { # fared NAME CONDITION
	cat "$work/$1.json" "$work/$1.err"
	jq -e "$2" "$work/$1.json" >/dev/null
}
told() { echo "# $1: $(cat "$work/$1.json")"; }
never_plaintext() { not grep -q "read b'hello, agent'" "$work/agent.seen"; }
seconds() { python3 -c "import time; time.sleep($1)"; }
count=${THRONG:-1000}
throngs=()
ulimit -n 8192

# --- by systemd's hand -------------------------------------------------------

active() { systemctl is-active --quiet ktlsgated; }
pid_changes() { # pid_changes FROM
	active && [ "$(systemctl show -P MainPID ktlsgated)" != "$1" ]
}
under_systemd() {
	local kills=0 pid
	agent agent --quiet --backlog 4096
	unit_install "max-connection-rate-per-source: 0"
	check "the unit starts" systemctl start ktlsgated
	throng stay stay "$count"
	check "$count live connections" wait_for 900 grep -q established \
		"$work/stay.err"
	throng arrive arrive
	# Wherever in its start it may be: a second is often not enough for it.
	for _ in $(seq "${KILLS:-15}"); do
		systemctl kill -s KILL ktlsgated 2>/dev/null
		kills=$((kills + 1))
		seconds 1
	done
	check "killed $kills times, once a second, it comes back" wait_for 120 active
	# And where it certainly was serving.
	for _ in 1 2 3; do
		pid=$(systemctl show -P MainPID ktlsgated)
		kill -9 "$pid"
		kills=$((kills + 1))
		check "killed while it serves, it comes back" wait_for 120 \
			pid_changes "$pid"
		check "and serves" mtls_echo
	done
	# An upgrade: another file under the same name, and a restart.
	install -m 755 "$ktlsgated" /usr/sbin/ktlsgated.new
	mv /usr/sbin/ktlsgated.new /usr/sbin/ktlsgated
	for _ in 1 2 3; do
		check "upgraded and restarted" systemctl restart ktlsgated
	done
	check "serves" mtls_echo
	throng_stop
	told stay
	told arrive
	check "no live connection was lost" fared stay \
		".connections == $count and .lost == 0 and .rounds > 1"
	check "of those that arrived none was refused" fared arrive \
		'.refused == 0 and .served > 0'
	check "cut were at most those that were in their handshake" fared arrive \
		".cut <= $kills"
	check "none spoke plaintext to the agent" fared arrive \
		'.plaintext == 0 and .plaintext_refused > 0'
	check "the agent has read none" never_plaintext
	check "systemd keeps no more sockets than it did" eval \
		'[ "$(systemctl show -P NFileDescriptorStore ktlsgated)" = \
		   $((2 * $(nproc))) ]'
	agents_stop
	unit_remove
	"$ktlsgated" --detach >/dev/null
}
if [ -d /run/systemd/system ]; then
	under_systemd
else
	number=$((number + 1))
	echo "ok $number - under systemd # SKIP no systemd in this guest"
fi
