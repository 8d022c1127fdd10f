# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh has the rest
# The three stock clients: Kafka's own in Java, librdkafka (kcat), KafkaJS. The
# guest has them run by client-host, where they are a process each: EXEC=exec.

libs=/var/tmp/kafka/libs
modules=/var/tmp/kafka/node_modules

# What build/kafka has, always at the same path and with the same times: a class
# archive knows its jars by them. A guest has a disk with the jars, for 9p is slow
# for Java.
install_kafka() {
	mkdir -p "$libs"
	if blkid -L ktlsgate-kafka >/dev/null; then
		mkdir -p /mnt/kafka
		mount -o ro LABEL=ktlsgate-kafka /mnt/kafka
		mount --bind /mnt/kafka/libs "$libs"
		ln -sf /mnt/kafka/classes.jsa "$work/classes.jsa"
	else
		cp -a "$tree/build/kafka/libs" "$tree/build/kafka/node_modules" \
			"$work/"
		[ ! -e "$given/classes.jsa" ] ||
			cp -a "$given/classes.jsa" "$work/"
	fi
}

# One by one and in order: a class archive must find the same path.
class_path() { printf '%s:' "$libs"/*.jar; }

# java_run CLASS ARGUMENTS...
# C1 alone, for the broker: in emulation C2 costs more than it gives back, and a JVM
# whose C2 compiled for the processor that QEMU shows (-cpu max) was seen to abort.
# And C1 later than usual: what it compiles has to be translated once more.
java_run() {
	${EXEC:-} java -Xmx"${HEAP:-512m}" -XX:+UseSerialGC \
		-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=5 \
		-XX:-UsePerfData \
		-Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
		-Dorg.slf4j.simpleLogger.log.kafka.server.BrokerServer=info \
		-Dorg.slf4j.simpleLogger.showDateTime=true \
		-XX:SharedArchiveFile="$work/classes.jsa" -Xlog:disable \
		${JAVA_FLAGS:-} -cp "$(class_path)" "$@"
}

same_size() { [ "$(stat -c %s "$1")" = "$(stat -c %s "$2")" ]; }

checksum() { sha256sum <"$1" | cut -d' ' -f1; }

# --- Java -------------------------------------------------------------------

java_perf_produce() {		# TOPIC RECORDS
	java_run org.apache.kafka.tools.ProducerPerformance \
		--bootstrap-server "$bootstrap" --topic "$1" \
		--num-records "$2" --record-size 1024 --throughput -1 \
		--command-config "$tls/payments.properties"
}

java_perf_consume() {		# TOPIC RECORDS
	java_run org.apache.kafka.tools.ConsumerPerformance \
		--bootstrap-server "$bootstrap" --topic "$1" \
		--num-records "$2" --timeout 300000 \
		--command-config "$tls/payments.properties"
}

java_produce() {		# TOPIC FILE
	java_run org.apache.kafka.tools.ConsoleProducer \
		--bootstrap-server "$bootstrap" --topic "$1" \
		--command-config "$tls/payments.properties" <"$2"
}

java_consume() {		# TOPIC ARGUMENTS...
	local topic=$1
	shift
	java_run org.apache.kafka.tools.consumer.ConsoleConsumer \
		--bootstrap-server "$bootstrap" --topic "$topic" \
		--from-beginning "$@" \
		--command-config "$tls/payments.properties"
}

topic_command() {		# ARGUMENTS...
	java_run org.apache.kafka.tools.TopicCommand \
		--bootstrap-server "$bootstrap" \
		--command-config "$tls/payments.properties" "$@"
}

topics_of_nobody() {
	java_run org.apache.kafka.tools.TopicCommand --list \
		--bootstrap-server "$bootstrap" \
		--command-config "$tls/nobody.properties"
}

group_command() {		# ARGUMENTS...
	java_run org.apache.kafka.tools.consumer.group.ConsumerGroupCommand \
		--bootstrap-server "$bootstrap" \
		--command-config "$tls/payments.properties" "$@"
}

# --- librdkafka -------------------------------------------------------------

# kcat_tls NAME ARGUMENTS...: with the certificate NAME.
kcat_tls() {
	local name=$1
	shift
	${EXEC:-} kcat -b "$bootstrap" -X security.protocol=ssl \
		-X ssl.ca.location="$tls/ca.crt" \
		-X ssl.certificate.location="$tls/$name.crt" \
		-X ssl.key.location="$tls/$name.key" "$@"
}

kcat_without_certificate() {
	${EXEC:-} kcat -b "$bootstrap" -X security.protocol=ssl \
		-X ssl.ca.location="$tls/ca.crt" "$@"
}

kcat_plaintext() { ${EXEC:-} kcat -b "$bootstrap" "$@"; }

kcat_produce() {		# TOPIC FILE [OPTION...]
	kcat_tls payments -P -t "$1" -X linger.ms=20 \
		-X queue.buffering.max.kbytes=65536 "${@:3}" <"$2"
}

kcat_consume() {		# TOPIC ARGUMENTS...
	kcat_tls payments -C -t "$1" -q "${@:2}"
}

# --- KafkaJS ----------------------------------------------------------------

kafkajs() {			# produce TOPIC FILE, consume TOPIC RECORDS, list
	NODE_PATH=$modules KAFKAJS_NO_PARTITIONER_WARNING=1 \
		${EXEC:-} node "$kafka_dir/kafkajs.js" "$bootstrap" "$tls" "$@"
}
