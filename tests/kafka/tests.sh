#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: Apache Kafka behind a gate, with its stock clients, as TAP.
# tests/kafka/run-tests boots it.
. "$(dirname "$0")/lib.sh"
. "$kafka_dir/refuse.sh"
. "$kafka_dir/cases.sh"

number=0
failures=0

# check DESCRIPTION COMMAND...: in a subshell, where the first failure ends it.
# What must outlive it is in files.
check() {
	local description=$1 status
	shift
	number=$((number + 1))
	set +e
	(set -e; "$@") >"$work/said" 2>&1
	status=$?
	set -e
	if [ $status = 0 ]; then
		echo "ok $number - $description"
		return 0
	fi
	failures=$((failures + 1))
	tail -n 30 "$work/said" | cut -c1-300 | sed 's/^/# /'
	journalctl -q --no-pager -n 10 -u ktlsgated | sed 's/^/# helper: /'
	echo "not ok $number - $description"
}

# Without these there is nothing to test.
set_up() {
	wire_up
	install_kafka
	launch_broker
	install_ktlsgate
	load_module
	helper_config
	start_helper
	watch_events
	await_broker
}

mkdir -p "$work"
if ! set_up >"$work/set-up" 2>&1; then
	cat "$work/set-up"
	echo "Bail out! Kafka behind a gate does not start"
	exit 1
fi

check "topics are created through the gate" topics_created
check "200 MiB by librdkafka, checksum equal" big_by_kcat
check "the broker sent them by sendfile" big_by_sendfile
check "Java produces and consumes, checksum equal" java_both_ways
check "Java resumed its session, with the same identity" java_resumed
check "KafkaJS produces and consumes, checksum equal" kafkajs_both_ways
check "TLS 1.2 client, checksum equal" tls12_client
check "KeyUpdates of a Java producer" java_key_updates
check "two members of a group share the partitions" group_shares
check "their offsets are committed" group_committed
check "one leaves, the other takes over" group_takes_over
check "refused: no client certificate" refused_without_certificate
check "refused: certificate of another CA" refused_other_ca
check "refused: plaintext" refused_plaintext
check "refused: a Java client without certificate" refused_java
check "helper killed: a live consumer does not notice" helper_killed
check "helper killed: new clients are served again" served_again
check "the broker saw no error" broker_content
check "connections and kTLS contexts are gone, the module unloads" nothing_left

echo "1..$number"
[ $failures = 0 ]
