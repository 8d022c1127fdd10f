#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: kafka.sh FILE
# In a guest that counts instructions: a consumer fetches 300 MiB from the page
# cache of Apache Kafka, in plaintext, through a gate and by the broker's own SSL
# listener. What broker, helper and kernel threads spent on a byte goes into FILE, as
# measure.py has it: kafka-cold is the first 300 MiB after the broker's start, the mean
# of STARTS, kafka-cold-compilers what Java's compilers spent of that, kafka-warm the
# least of ROUNDS more, after the last of them and thousands of small requests, without
# the compilers. kafka-sent is what the broker sent for a byte of the records.
. "$(dirname "$0")/../kafka/lib.sh"

result=$1
starts=${STARTS:-4}
rounds=${ROUNDS:-6}
ssl=127.0.0.1:9095
group=/sys/fs/cgroup/bench-broker
paths=(plaintext ktlsgate kafka-ssl)
declare -A cold compiling warm

# The broker as it is, with the records of kafka-fill, and a listener that does TLS
# itself; and one cipher suite for both, which librdkafka has no option for.
configure() {
	broker_config
	openssl pkcs8 -topk8 -nocrypt -in "$tls/broker.key" |
		cat - "$tls/broker.crt" >"$work/broker.pem"
	sed -i "s,^listeners=.*,&\,SSL://$ssl,
		s,^advertised.listeners=.*,&\,SSL://$ssl,
		s,^listener.security.protocol.map=.*,&\,SSL:SSL," \
		"$work/server.properties"
	cat >>"$work/server.properties" <<-END
		ssl.keystore.type=PEM
		ssl.keystore.location=$work/broker.pem
		ssl.truststore.type=PEM
		ssl.truststore.location=$tls/ca.crt
		ssl.client.auth=required
		ssl.enabled.protocols=TLSv1.3
		ssl.cipher.suites=TLS_AES_256_GCM_SHA384
	END
	cat >"$work/client.cnf" <<-END
		openssl_conf = all
		[all]
		ssl_conf = ssl
		[ssl]
		system_default = client
		[client]
		Ciphersuites = TLS_AES_256_GCM_SHA384
	END
	[ "$(OPENSSL_CONF=$work/client.cnf openssl ciphers -s -tls1_3)" = \
		TLS_AES_256_GCM_SHA384 ]
	cp -a "$given/data" "$work/data"
	mkdir "$group"
}

# With the compiler that makes Java's AES fast: lib.sh's brokers go without it.
start_broker() {
	: >"$work/log/broker"
	EXEC=exec HEAP=1g \
		JAVA_FLAGS="-XX:TieredStopAtLevel=4 -XX:CompileThresholdScaling=1" \
		java_run kafka.Kafka "$work/server.properties" \
		>>"$work/log/broker" 2>&1 &
	broker=$!
	echo "$broker" >"$group/cgroup.procs"
	await_broker
	wait_for 600 "the end of all that starting leaves to do" settled
}

# It idles: less than a twentieth of the processor for a second.
settled() {
	local before after
	before=$(usage)
	read -rt 1 -u "$never" || :
	after=$(usage)
	[ $((after - before)) -lt 50000 ]
}

usage() { awk '$1 == "usage_usec" { print $2 }' "$group/cpu.stat"; }

stop_broker() {
	kill "$broker"
	wait "$broker" || :
}

# Instructions so far: a nanosecond is one.
spent() {
	local kthreads helper=/sys/fs/cgroup/system.slice/ktlsgated.service
	kthreads=$(awk '{ line = $0; sub(/.*\) /, ""); if ($2 == 2) {
			split(line, pid, " "); print "/proc/" pid[1] "/schedstat" }
		}' /proc/[0-9]*/stat 2>/dev/null | xargs cat 2>/dev/null |
		awk '{ sum += $1 } END { print sum }')
	awk -v sum="$kthreads" '$1 == "usage_usec" { sum += $2 * 1000 }
		END { printf "%d\n", sum }' "$group/cpu.stat" "$helper/cpu.stat"
}

# The broker's threads that compile; a warm one has nothing left for them to do.
compilers() {
	grep -lE '^C[12] Compiler' /proc/"$broker"/task/*/comm |
		sed 's,comm$,schedstat,' | xargs cat | awk '{ sum += $1 }
		END { printf "%d\n", sum }'
}

bytes=$(stat -c %s "$given/big.in")

# records PATH TOPIC [OPTION...]: of a topic
records() {
	local path=$1 topic=$2
	local -x OPENSSL_CONF=$work/client.cnf
	shift 2
	case $path in
	plaintext) kcat -b "$inside" -C -t "$topic" -q -o beginning -e "$@" ;;
	ktlsgate) kcat_consume "$topic" -o beginning -e "$@" ;;
	kafka-ssl) bootstrap=$ssl kcat_consume "$topic" -o beginning -e "$@" ;;
	esac
}

# 300 MiB are 300 requests, and Java compiles in earnest what has run 5,000 times:
# three times 4,000, each of one batch, stand for the hours that a broker has run.
warm_up() {
	local i
	for i in 1 2 3; do
		records "$1" small -X fetch.message.max.bytes=16384 >/dev/null
	done
}

# consume PATH: instructions of the server's side for a byte, what of them Java's
# compilers spent, and the rest
consume() {
	local spending compiled
	spending=$(spent) compiled=$(compilers)
	records "$1" big | wc -c >"$work/consumed"
	compiled=$(($(compilers) - compiled))
	spending=$(($(spent) - spending))
	[ "$(cat "$work/consumed")" = "$bytes" ] ||
		{ echo "$1: $(cat "$work/consumed") bytes instead of $bytes" >&2
		  return 1; }
	awk -v all="$spending" -v compiled="$compiled" -v bytes="$bytes" 'BEGIN {
		printf "%.3f %.3f %.3f\n", all / bytes, compiled / bytes,
			(all - compiled) / bytes }'
}

# What Java's compilers have to do meanwhile depends on little things, from start to
# start by a fifth of the whole.
measure_cold() {
	local path=$1 before said all compiled
	before=$(gate_json | jq .tx_bytes)
	said=$(consume "$path")
	read -r all compiled _ <<<"$said"
	[ "$path" != ktlsgate ] || sent=$(($(gate_json | jq .tx_bytes) - before))
	echo "# $path, start $start: $all, of which compilers $compiled"
	cold[$path]+=" $all"
	compiling[$path]+=" $compiled"
}

measure_warm() {
	local path=$1 round said compiled rest
	warm_up "$path"
	for ((round = 1; round <= rounds; round++)); do
		# What the round before made hot is compiled by now.
		wait_for 600 "the end of what there is to compile" settled
		said=$(consume "$path")
		read -r _ compiled rest <<<"$said"
		echo "# $path, round $round: $rest, and compilers $compiled"
		warm[$path]+=" $rest"
	done
}

mean() { jq -n '$ARGS.positional | add / length' --jsonargs "$@"; }
least() { jq -n '$ARGS.positional | min' --jsonargs "$@"; }

# figure NAME UNIT PATH=VALUE...
figure() {
	local name=$1 unit=$2 each
	shift 2
	for each in "$@"; do
		printf '%-34s %-14s %10.3f %s\n' "$name" "${each%=*}" "${each#*=}" "$unit" >&2
	done
	printf '%s\n' "$@" | jq -Rn --arg name "$name" --arg unit "$unit" '{ ($name):
		{ $unit, paths: ([inputs | split("=") | { (.[0]): (.[1] | tonumber) }]
		| add) } }'
}

mkdir -p "$work"
install_kafka
install_ktlsgate
load_module
configure
helper_config
start_helper
for ((start = 1; start <= starts; start++)); do
	for path in "${paths[@]}"; do
		start_broker
		measure_cold "$path"
		[ "$start" -lt "$starts" ] || measure_warm "$path"
		stop_broker
	done
done
# shellcheck disable=SC2086 # words
for path in "${paths[@]}"; do
	colds+=("$path=$(mean ${cold[$path]})")
	compilings+=("$path=$(mean ${compiling[$path]})")
	warms+=("$path=$(least ${warm[$path]})")
done
echo "# $(gate_json | jq .tx_sendfile_calls) calls of sendfile by the broker on the gate"
{
	figure kafka-cold instructions/byte "${colds[@]}"
	figure kafka-cold-compilers instructions/byte "${compilings[@]}"
	figure kafka-warm instructions/byte "${warms[@]}"
	figure kafka-sent bytes/byte "ktlsgate=$(jq -n "$sent / $bytes")"
} | jq -s add >"$result"
