# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh and tests.sh have the rest
# The cases of tests.sh. Each ends with 0, or says what was wrong.

given_sum() { cat "$given/$1.in.sha256"; }

# equal FILE SUM: or say so.
equal() {
	local sum
	sum=$(checksum "$1")
	[ "$sum" = "$2" ] || {
		echo "$1: $(wc -lc <"$1") lines and bytes, $sum, not $2"
		return 1
	}
}

# sorted_equal FILE NAME: the lines of NAME in any order.
sorted_equal() {
	[ "$(LC_ALL=C sort "$1" | sha256sum)" = \
	  "$(LC_ALL=C sort "$given/$2.in" | sha256sum)" ] || {
		echo "$1: $(wc -lc <"$1") lines and bytes are not those of $2"
		return 1
	}
}

# closed_events FILTER: the closed connections that a jq condition selects.
closed_events() {
	jq -c "select(.event == \"closed\" and ($1))" "$work/events"
}

topic_command() {
	java_run org.apache.kafka.tools.TopicCommand \
		--bootstrap-server "$bootstrap" \
		--command-config "$tls/payments.properties" "$@"
}

topics_created() {
	topic_command --create --topic group --partitions 4
	kcat_tls payments -L -m 30 -J |
		jq -e '.topics[] | select(.topic == "group") |
			.partitions | length == 4'
}

big_by_kcat() {
	kcat_produce big "$given/big.in"
	kcat_consume big -o beginning -e >"$work/big.out"
	equal "$work/big.out" "$(given_sum big)"
	rm "$work/big.out"
}

big_by_sendfile() {
	gate_json | jq -e '.tx_sendfile_calls > 0 and
		.tx_sendfile_bytes >= 200 * 1048576'
}

java_both_ways() {
	java_produce java "$given/small.in"
	java_consume java --max-messages "$(wc -l <"$given/small.in")" \
		>"$work/java.out"
	equal "$work/java.out" "$(given_sum small)"
}

# A Java client opens several connections; all but its first resume.
java_resumed() {
	closed_events .resumed | jq -se 'length > 0 and
		all(.principal == "CN=payments,O=ACME" and
		    .issuer == "CN=ca")'
}

kafkajs_both_ways() {
	local consumer
	kafkajs produce kafkajs "$given/small.in"
	EXEC=exec kafkajs consume kafkajs "$work/kafkajs.out" \
		"$(wc -l <"$given/small.in")" &
	consumer=$!
	wait_for 120 "KafkaJS" same_size "$given/small.in" "$work/kafkajs.out"
	stopped $consumer
	equal "$work/kafkajs.out" "$(given_sum small)"
}

# librdkafka has no option for the version: OpenSSL's configuration has.
tls12_client() {
	cat >"$work/tls12.cnf" <<-END
		openssl_conf = init
		[init]
		ssl_conf = ssl
		[ssl]
		system_default = default
		[default]
		MaxProtocol = TLSv1.2
	END
	export OPENSSL_CONF=$work/tls12.cnf
	kcat_produce tls12 "$given/small.in"
	kcat_consume tls12 -o beginning -e >"$work/tls12.out"
	equal "$work/tls12.out" "$(given_sum small)"
	wait_for 120 "a connection of TLS 1.2" eval \
		'closed_events ".tls_version == \"1.2\"" | grep -q .'
}

# Java renews its keys after 2^37 bytes unless told otherwise: here 1 MiB.
java_key_updates() {
	printf '%s' 'jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^20,' \
		'ChaCha20-Poly1305 KeyUpdate 2^20' >"$work/updates.security"
	JAVA_FLAGS=-Djava.security.properties=$work/updates.security \
		java_perf_produce updates 20000
	JAVA_FLAGS=-Djava.security.properties=$work/updates.security \
		java_perf_consume updates 20000 | tee "$work/updates.consumed"
	tail -n 1 "$work/updates.consumed" | cut -d, -f5 | grep -qw 20000
	wait_for 120 "KeyUpdates" eval \
		'closed_events ".key_updates_received >= 10 and
			.key_updates_sent >= 1" | grep -q .'
}

# --- consumer groups --------------------------------------------------------

member() {			# member NAME: process ID in the file NAME.pid
	EXEC=exec kcat_tls payments -G members -X auto.offset.reset=earliest \
		-X auto.commit.interval.ms=200 -u group \
		>"$work/$1.out" 2>"$work/$1.err" &
	echo $! >"$work/$1.pid"
}

lines() { cat "$@" | wc -l; }

has_lines() { [ "$(lines "${@:2}")" -ge "$1" ]; }

to_group() { kcat_produce group "$given/small.in"; }

# Both must have joined before the records come, or one takes them all.
group_shares() {
	member first
	member second
	wait_for 120 "both members" members_are 2
	to_group
	wait_for 120 "all records at the group" has_lines \
		"$(wc -l <"$given/small.in")" "$work/first.out" "$work/second.out"
	cat "$work/first.out" "$work/second.out" >"$work/group.out"
	sorted_equal "$work/group.out" small
	[ -s "$work/first.out" ] && [ -s "$work/second.out" ]
}

# Who has partitions is asked of the members: librdkafka tells at each change.
members_are() {
	local name assigned=0
	for name in first second; do
		tail -n 1 "$work/$name.err" | grep -q 'assigned: group' &&
			assigned=$((assigned + 1))
	done
	[ $assigned = "$1" ]
}

group_committed() {
	wait_for 120 "the commit of all offsets" lag_is_zero
}

lag_is_zero() {
	java_run org.apache.kafka.tools.consumer.group.ConsumerGroupCommand \
		--bootstrap-server "$bootstrap" --describe --group members \
		--command-config "$tls/payments.properties" >"$work/lag"
	awk -v want="$(wc -l <"$given/small.in")" '$1 == "members" {
		sum += $4; lag += $6; n++
	} END { exit !(n == 4 && sum == want && lag == 0) }' "$work/lag"
}

group_takes_over() {
	local before
	kill "$(cat "$work/first.pid")"
	wait_for 120 "all partitions at the second member" eval \
		'[ "$(tail -n 1 "$work/second.err" | grep -o "group \[" | wc -l)" = 4 ]'
	before=$(lines "$work/second.out")
	to_group
	wait_for 120 "the records at the second member" has_lines \
		$((before + $(wc -l <"$given/small.in"))) "$work/second.out"
	tail -n +$((before + 1)) "$work/second.out" >"$work/group.out"
	sorted_equal "$work/group.out" small
	kill "$(cat "$work/second.pid")"
}

# --- refusals ---------------------------------------------------------------

# refused_as NAME CODE ALERT CLIENT: what both sides must have seen.
refused_as() {
	cat "$work/refused/$1.client" "$work/refused/$1.helper"
	jq -e --arg code "$2" --arg alert "$3" \
		'.code == $code and (.alert // "") == $alert' \
		"$work/refused/$1.helper"
	grep -qi -- "$4" "$work/refused/$1.client"
}

refused_without_certificate() {
	refuse no-certificate no-certificate kcat_without_certificate
	refused_as no-certificate no-certificate certificate_required \
		'certificate required'
}

refused_other_ca() {
	refuse other-ca bad-certificate kafkajs_stranger
	refused_as other-ca bad-certificate unknown_ca 'unknown ca'
}

refused_plaintext() {
	refuse plaintext not-tls kcat_plaintext
	refused_as plaintext not-tls '' disconnected
}

refused_java() {
	local before
	before=$(refusals no-certificate | wc -l)
	grep -v keystore "$tls/payments.properties" >"$work/nobody.properties"
	! java_run org.apache.kafka.tools.TopicCommand --list \
		--bootstrap-server "$bootstrap" \
		--command-config "$work/nobody.properties" >"$work/nobody" 2>&1
	cat "$work/nobody"
	grep -q 'SslAuthenticationException\|SSL handshake failed' \
		"$work/nobody"
	wait_for 60 "the refusal" more_refusals no-certificate "$before"
}

# --- the helper goes --------------------------------------------------------

# The record comes by the broker's other listener: the gate is shut meanwhile.
helper_killed() {
	# A consumer does not make its topic: this does.
	echo before | kcat -b "$inside" -P -t live
	EXEC=exec kcat_consume live -o beginning -u >"$work/live.out" 2>"$work/live.err" &
	echo $! >"$work/live.pid"
	wait_for 120 "the first record" grep -q before "$work/live.out"
	systemctl kill --signal=KILL ktlsgated.service
	systemctl stop ktlsgated.service
	echo after | kcat -b "$inside" -P -t live
	wait_for 120 "the second record" grep -q after "$work/live.out"
	! kcat_tls payments -L -m 3
}

served_again() {
	start_helper
	kcat_tls payments -L -m 30 -J | jq -e '.topics | length > 0'
	kill "$(cat "$work/live.pid")"
}

nothing_left() {
	wait_for 120 "the end of all connections" open_connections 0
	wait_for 120 "the kernel's TLS contexts to go" no_tls_contexts
	kill "$broker"
	wait_for 120 "the end of the broker" eval '! alive "$broker"'
	systemctl stop ktlsgated.service
	# The module holds tls as long as it is loaded: see kmod/layer.c.
	wait_for 120 "the module to be unused" rmmod ktlsgate
	wait_for 120 "tls to be unused" grep -qx 0 /sys/module/tls/refcnt
}

broker_content() {
	alive "$broker"
	! grep -E ' ERROR | FATAL |Exception' "$work/log/broker"
}
