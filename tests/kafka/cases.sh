# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh and tests.sh have the rest
# The cases of tests.sh. Each ends with 0, or says what was wrong.

given_sum() { cat "$given/$1.in.sha256"; }

# equal FILE SUM: or say so. The sum of 200 MiB is for a real processor.
equal() {
	local sum
	client sum checksum "$1"
	sum=$(cat "$clients/sum.out")
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

topics_created() {
	client topics topic_command --create --topic group --partitions 4
	client metadata kcat_tls payments -L -m 30 -J
	jq -e '.topics[] | select(.topic == "group") | .partitions | length == 4' \
		"$clients/metadata.out"
}

big_by_kcat() {
	client big-produce kcat_produce big "$given/big.in"
	client big kcat_consume big -o beginning -e
	equal "$clients/big.out" "$(given_sum big)"
	rm "$clients/big.out"
}

big_by_sendfile() {
	gate_json | jq -e '.tx_sendfile_calls > 0 and
		.tx_sendfile_bytes >= 200 * 1048576'
}

java_both_ways() {
	client java-produce java_produce java "$given/small.in"
	client java java_consume java --max-messages "$(wc -l <"$given/small.in")"
	equal "$clients/java.out" "$(given_sum small)"
}

# A Java client opens several connections; all but its first resume.
java_resumed() {
	closed_events .resumed | jq -se 'length > 0 and
		all(.principal == "CN=payments,O=ACME" and
		    .issuer == "CN=ca")'
}

kafkajs_both_ways() {
	client kafkajs-produce kafkajs produce kafkajs "$given/small.in"
	client_begin kafkajs kafkajs consume kafkajs "$(wc -l <"$given/small.in")"
	wait_for 120 "KafkaJS" same_size "$given/small.in" "$clients/kafkajs.out"
	client_stop kafkajs
	equal "$clients/kafkajs.out" "$(given_sum small)"
}

# librdkafka has no option for the version: OpenSSL's configuration has.
tls12_client() {
	cat >"$clients/tls12.cnf" <<-END
		openssl_conf = init
		[init]
		ssl_conf = ssl
		[ssl]
		system_default = default
		[default]
		MaxProtocol = TLSv1.2
	END
	client tls12-produce "OPENSSL_CONF=$clients/tls12.cnf" \
		kcat_produce tls12 "$given/small.in"
	client tls12 "OPENSSL_CONF=$clients/tls12.cnf" \
		kcat_consume tls12 -o beginning -e
	equal "$clients/tls12.out" "$(given_sum small)"
	wait_for 120 "a connection of TLS 1.2" eval \
		'closed_events ".tls_version == \"1.2\"" | grep -q .'
}

# Java renews its keys after 2^37 bytes unless told otherwise: here 1 MiB.
java_key_updates() {
	local flags=JAVA_FLAGS=-Djava.security.properties=$clients/updates.security
	printf '%s' 'jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^20,' \
		'ChaCha20-Poly1305 KeyUpdate 2^20' >"$clients/updates.security"
	client updates-produce "$flags" java_perf_produce updates 20000
	client updates "$flags" java_perf_consume updates 20000
	tail -n 1 "$clients/updates.out" | cut -d, -f5 | grep -qw 20000
	wait_for 120 "KeyUpdates" eval \
		'closed_events ".key_updates_received >= 10 and
			.key_updates_sent >= 1" | grep -q .'
}

# --- consumer groups --------------------------------------------------------

member() {			# member NAME
	client_begin "$1" kcat_tls payments -G members \
		-X auto.offset.reset=earliest \
		-X auto.commit.interval.ms=200 -u group
}

lines() { cat "$@" | wc -l; }

has_lines() { [ "$(lines "${@:2}")" -ge "$1" ]; }

# librdkafka keeps to one partition for 10 ms, and may be done with all within.
to_group() {
	client to-group kcat_produce group "$given/small.in" \
		-X sticky.partitioning.linger.ms=0
}

# Both must have joined before the records come, or one takes them all.
group_shares() {
	member first
	member second
	wait_for 120 "both members" members_are 2
	to_group
	wait_for 120 "all records at the group" has_lines \
		"$(wc -l <"$given/small.in")" "$clients/first.out" "$clients/second.out"
	cat "$clients/first.out" "$clients/second.out" >"$work/group.out"
	sorted_equal "$work/group.out" small
	[ -s "$clients/first.out" ] && [ -s "$clients/second.out" ]
}

# Who has partitions is asked of the members: librdkafka tells at each change.
members_are() {
	local name assigned=0
	for name in first second; do
		tail -n 1 "$clients/$name.err" | grep -q 'assigned: group' &&
			assigned=$((assigned + 1))
	done
	[ $assigned = "$1" ]
}

group_committed() {
	wait_for 120 "the commit of all offsets" lag_is_zero
}

lag_is_zero() {
	client lag group_command --describe --group members
	awk -v want="$(wc -l <"$given/small.in")" '$1 == "members" {
		sum += $4; lag += $6; n++
	} END { exit !(n == 4 && sum == want && lag == 0) }' "$clients/lag.out"
}

group_takes_over() {
	local before
	client_stop first
	wait_for 120 "all partitions at the second member" eval \
		'[ "$(tail -n 1 "$clients/second.err" | grep -o "group \[" | wc -l)" = 4 ]'
	before=$(lines "$clients/second.out")
	to_group
	wait_for 120 "the records at the second member" has_lines \
		$((before + $(wc -l <"$given/small.in"))) "$clients/second.out"
	tail -n +$((before + 1)) "$clients/second.out" >"$work/group.out"
	sorted_equal "$work/group.out" small
	client_stop second
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
	refuse_without_certificate
	refused_as no-certificate no-certificate certificate_required \
		'certificate required'
}

refused_other_ca() {
	refuse_other_ca
	refused_as other-ca bad-certificate unknown_ca 'unknown ca'
}

refused_plaintext() {
	refuse_plaintext
	refused_as plaintext not-tls '' disconnected
}

refused_java() {
	local before
	before=$(refusals no-certificate | wc -l)
	client_begin nobody topics_of_nobody
	! client_end nobody
	grep -q 'SslAuthenticationException\|SSL handshake failed' \
		"$clients/nobody.out" "$clients/nobody.err"
	wait_for 60 "the refusal" more_refusals no-certificate "$before"
}

# --- the helper goes --------------------------------------------------------

# The record comes by the broker's other listener: the gate is shut meanwhile.
helper_killed() {
	# A consumer does not make its topic: this does.
	echo before | kcat -b "$inside" -P -t live
	client_begin live kcat_consume live -o beginning -u
	wait_for 120 "the first record" grep -q before "$clients/live.out"
	systemctl kill --signal=KILL ktlsgated.service
	systemctl stop ktlsgated.service
	echo after | kcat -b "$inside" -P -t live
	wait_for 120 "the second record" grep -q after "$clients/live.out"
	! client shut kcat_tls payments -L -m 3
}

served_again() {
	start_helper
	client metadata kcat_tls payments -L -m 30 -J
	jq -e '.topics | length > 0' "$clients/metadata.out"
	client_stop live
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

# It complains of events that take seconds, as they do in emulation.
broker_content() {
	alive "$broker"
	! grep -v 'controller\.EventPerformanceMonitor' \
		"$work/log/broker" | grep -E ' ERROR | FATAL |Exception'
}
