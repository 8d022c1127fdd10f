# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# In the guest: what the main job and the tests share. The gate with helper and
# module, the broker behind it. clients.sh has the clients.

set -euo pipefail
shopt -s inherit_errexit

kafka_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$kafka_dir/../.." && pwd)
. "$kafka_dir/clients.sh"

work=/var/tmp/kafka		# of this boot: the guest's disk is a snapshot
given=$tree/build/kafka-job	# what tests/kafka/prepare made
tls=$given/tls
clients=$tree/build/kafka-clients	# what client-host is asked, and answers
bootstrap=127.0.0.1:9092	# the gate, as the clients dial it
inside=127.0.0.1:9094		# the broker's own listener, for other brokers
broker=''			# process ID
exec {never}<> <(:)		# nobody writes to it: a clock to wait by

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $deadline ]; then
			echo "waited in vain: $what" >&2
			return 1
		fi
		read -rt 0.1 -u "$never" || :
	done
}

alive() { [ -d "/proc/$1" ]; }

# stopped PID: ends a child of this shell and waits for it, whatever its status.
stopped() {
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# --- clients ----------------------------------------------------------------

# The wire to the clients' machine: see boot_kafka() of host.sh.
wire_up() {
	modprobe virtio_net
	wait_for 60 "the network card" ip link set eth0 up
	ip address add 10.0.2.15/24 dev eth0
}

# client_begin NAME [VARIABLE=VALUE...] FUNCTION ARGUMENTS...: has a function of
# clients.sh run where the clients are, with these in its environment. What it
# prints is in $clients/NAME.out and NAME.err, its status in NAME.status.
client_begin() {
	local run=$clients/$1
	rm -f "$run".*
	printf '%q ' "${@:2}" >"$run.asked"
	mv "$run.asked" "$run.go"
}

client_ended() { [ -e "$clients/$1.status" ]; }

# client_end NAME: waits for it and ends as it did.
client_end() {
	wait_for 400 "the end of client $1" client_ended "$1"
	[ "$(cat "$clients/$1.status")" = 0 ] || {
		tail -n 20 "$clients/$1.out" "$clients/$1.err"
		return 1
	} >&2
}

client() {
	client_begin "$@"
	client_end "$1"
}

# client_stop NAME [SIGNAL]: ends it, whatever its status then is.
client_stop() {
	echo "${2:-TERM}" >"$clients/$1.stopping"
	mv "$clients/$1.stopping" "$clients/$1.stop"
	wait_for 60 "the end of client $1" client_ended "$1"
}

# --- the gate ---------------------------------------------------------------

# Files where `make install` puts them: it made this folder.
install_ktlsgate() {
	cp -a "$given/root/." /
	systemctl daemon-reload
}

load_module() { [ -d /sys/module/ktlsgate ] || insmod "$KMOD"; }

helper_config() {
	mkdir -p /etc/ktlsgate/tls
	install -m 600 "$tls/broker.key" /etc/ktlsgate/tls/tls.key
	install -m 644 "$tls/broker.crt" /etc/ktlsgate/tls/tls.crt
	install -m 644 "$tls/ca.crt" /etc/ktlsgate/tls/ca.crt
	cat >/etc/ktlsgate/ktlsgated.yaml <<-END
		gates:
		  - name: kafka
		    port: 9092
		    certificate: /etc/ktlsgate/tls/tls.crt
		    private-key: /etc/ktlsgate/tls/tls.key
		    client-auth: required
		    client-ca: /etc/ktlsgate/tls/ca.crt
	END
}

# The unit is Type=notify: start returns when the helper serves.
start_helper() {
	systemctl start ktlsgated.service || {
		systemctl --no-pager --lines=30 status ktlsgated.service >&2
		return 1
	}
}

# Every event from now on, as JSON, in $work/events.
watch_events() {
	: >"$work/events"
	ktlsgate -j monitor >"$work/events" 2>"$work/monitor.err" &
	monitor=$!
	# It prints nothing before something happens: make something happen.
	wait_for 60 "ktlsgate monitor" seen_event
}

seen_event() {
	ktlsgate gate add monitor-probe port 1 2>/dev/null || :
	ktlsgate gate del monitor-probe 2>/dev/null || :
	grep -q monitor-probe "$work/events"
}

# gate_json: the gate with its counters, as one object.
gate_json() { ktlsgate -j -s gate show kafka | jq '.[0]'; }

open_connections() { [ "$(gate_json | jq .connections)" = "$1" ]; }

no_tls_contexts() {
	awk '/^TlsCurr(Tx|Rx)Sw/ { n += $2 } END { exit n != 0 }' \
		/proc/net/tls_stat
}

# --- the broker -------------------------------------------------------------

broker_config() {
	mkdir -p "$work/log"
	cat >"$work/server.properties" <<-END
		process.roles=broker,controller
		node.id=1
		controller.quorum.voters=1@localhost:9093
		listeners=PLAINTEXT://:9092,INTERNAL://127.0.0.1:9094,CONTROLLER://localhost:9093
		advertised.listeners=PLAINTEXT://$bootstrap,INTERNAL://127.0.0.1:9094
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
		inter.broker.listener.name=INTERNAL
		controller.listener.names=CONTROLLER
		log.dirs=$work/data
		num.partitions=1
		offsets.topic.replication.factor=1
		offsets.topic.num.partitions=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.num.partitions=1
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		transaction.state.log.num.partitions=1
		group.initial.rebalance.delay.ms=0
		log.cleaner.enable=false
		# In emulation the one broker's heartbeats may be late.
		broker.session.timeout.ms=60000
		num.network.threads=2
		num.io.threads=2
		# No MBeans: nobody looks, and each costs.
		metric.reporters=
	END
}

format_broker() {
	java_run kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qk \
		-c "$work/server.properties" >"$work/log/format" 2>&1 ||
		{ cat "$work/log/format" >&2; return 1; }
}

# launch_broker: in the background, for it takes long.
launch_broker() {
	broker_config
	cp -a "$given/data" "$work/data"
	EXEC=exec java_run kafka.Kafka "$work/server.properties" \
		>"$work/log/broker" 2>&1 &
	broker=$!
}

await_broker() {
	if ! wait_for 400 "the start of Apache Kafka" broker_ready ||
	   ! alive "$broker"; then
		tail -n 40 "$work/log/broker" >&2
		return 1
	fi
}

broker_ready() {
	! alive "$broker" || grep -q 'from STARTING to STARTED' "$work/log/broker"
}

broker_version() {
	basename "$tree"/build/kafka/libs/kafka-server-[0-9]*.jar .jar | sed 's/.*-//'
}
