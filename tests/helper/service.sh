# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The systemd unit as it is installed, and what the journal has of it.

if [ ! -d /run/systemd/system ]; then
	number=$((number + 1))
	echo "ok $number - the unit # SKIP no systemd in this guest"
	return
fi
unit_install

agent agent
check "the unit starts" systemctl start ktlsgated
check "is ready" systemctl is-active ktlsgated
check "tells its status" eval \
	'systemctl show -P StatusText ktlsgated | grep -q "1 gates"'
check "serves" mtls_echo
check "gate show tells what is in force" eval \
	'"$ktlsgate" -j gate show kafka |
	 jq -e ".[0].in_force.certificate.subject == \"CN=localhost\""'
check "from a file that everyone may read" eval \
	'[ "$(stat -c "%a %U" /run/ktlsgated/gates.json)" = "644 root" ] &&
	 setpriv --reuid 65534 --clear-groups cat /run/ktlsgated/gates.json'
check "and that has no key in it" not grep -q "PRIVATE KEY" \
	/run/ktlsgated/gates.json
client >/dev/null
entry() {
	journalctl -q -u ktlsgated -o json --no-pager REASON="$1" |
		jq -es 'length > 0 and .[0].GATE == "kafka" and
			(.[0].PEER | startswith("127.0.0.1:"))'
}
check "a refusal is in the journal with its fields" wait_for 60 entry \
	no-certificate

# Each end and its reason, in the journal.
install -m 755 "$ktlsgate" /usr/sbin/ktlsgate
install -m 644 "$tree/userspace/systemd/ktlsgate-monitor.service" \
	/etc/systemd/system/
systemctl daemon-reload
check "the log of connections starts" systemctl start ktlsgate-monitor
logged() { journalctl -q -t ktlsgate -o cat --no-pager | grep -qE "$1"; }
ends() { mtls_echo && logged "Z closed +kafka 127.0.0.1:.* peer-close-notify"; }
check "an end and its reason are in it" wait_for 60 ends
client >/dev/null
check "and a refusal" wait_for 60 logged "Z refused +kafka 127.0.0.1:"
systemctl stop ktlsgate-monitor

pid=$(systemctl show -P MainPID ktlsgated)
status() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$pid/status"; }
check "no new privileges" eval '[ "$(status NoNewPrivs)" = 1 ]'
check "a system call filter is on" eval '[ "$(status Seccomp)" = 2 ]'
# NET_BIND_SERVICE 10, NET_ADMIN 12, IPC_LOCK 14, PERFMON 38, BPF 39
check "no more than five capabilities" eval \
	'[ "$(status CapBnd)" = "$(printf %016x $((1 << 10 | 1 << 12 | 1 << 14 | 1 << 38 | 1 << 39)))" ]'
check "no core dumps" eval \
	'awk "/Max core file size/ && \$5 == 0 && \$6 == 0 { found = 1 } END { exit !found }" /proc/$pid/limits'
check "memory is not to be read by others" eval \
	'[ "$(stat -c %U "/proc/$pid/environ")" = root ] &&
	 [ "$(systemctl show -P LimitCORE ktlsgated)" = 0 ]'
check "systemd finds the sandbox tight" eval \
	'systemd-analyze security ktlsgated --no-pager | tail -n 1
	 systemd-analyze security ktlsgated --threshold=35 >/dev/null'

check "systemctl reload" systemctl reload ktlsgated
check "serves after it" mtls_echo
echo "gates: nonsense" >/etc/ktlsgate/ktlsgated.yaml
systemctl reload ktlsgated
check "a bad file leaves it running" systemctl is-active ktlsgated
check "and says why in the journal" eval \
	'journalctl -q -u ktlsgated | grep -q "gates: must be a list of gates"'
check "serves as before" mtls_echo
cp "$work/gates.yaml" /etc/ktlsgate/ktlsgated.yaml

check "systemd keeps the listening sockets" eval \
	'[ "$(systemctl show -P NFileDescriptorStore ktlsgated)" -ge 2 ]'
systemctl kill -s KILL ktlsgated
check "a client that comes while it is dead waits and is served" mtls_echo
pid=$(systemctl show -P MainPID ktlsgated)
OUT=restart mtls --count 5 >/dev/null &
clients=$!
systemctl restart ktlsgated
wait $clients
check "clients do not notice a restart" jq -e '.echo and (.error | not)' \
	"$work/restart.json"
pid=$(systemctl show -P MainPID ktlsgated)
kill -9 "$pid"
again() {
	[ "$(systemctl show -P MainPID ktlsgated)" != "$pid" ] &&
		systemctl is-active ktlsgated
}
check "killed, it is started again" wait_for 60 again
check "and serves" mtls_echo
systemctl stop ktlsgated
check "stopped, the port stays closed" eval \
	'client --raw 6869 --timeout 20 >/dev/null; said ".connected == false"'
check "and nothing is told to be in force" not test -e \
	/run/ktlsgated/gates.json

# A socket unit listens before the helper does, and starts it.
config "steering: false" "listen-port: 9443"
sed "s|$work|/etc/ktlsgate|" "$work/gates.yaml" >/etc/ktlsgate/ktlsgated.yaml
cat >/etc/systemd/system/ktlsgated.socket <<-X
	[Socket]
	ListenStream=9443
	FileDescriptorName=kafka
	ReusePort=yes
X
"$ktlsgated" --detach >/dev/null
systemctl daemon-reload
check "a socket unit listens" systemctl start ktlsgated.socket
check "the helper does not run" not systemctl is-active ktlsgated
check "a client starts it, waits and is served" mtls_echo --port 9443
check "it took the socket" eval \
	'! journalctl -q -u ktlsgated | grep -q "is no gate.s" &&
	 [ "$(ss -Hltn "sport = :9443" | wc -l)" = "$(nproc)" ]'
check "clients of all workers are served" eval '
	for i in $(seq 8); do mtls_echo --port 9443 || exit 1; done'
sed -i s/FileDescriptorName=kafka/FileDescriptorName=other/ \
	/etc/systemd/system/ktlsgated.socket
systemctl stop ktlsgated.socket ktlsgated
systemctl daemon-reload
systemctl start ktlsgated.socket ktlsgated
check "one that is no gate's is told" eval \
	'journalctl -q -u ktlsgated | grep -q "socket other is no gate.s"'
systemctl stop ktlsgated.socket
rm /etc/systemd/system/ktlsgated.socket
unit_remove
