# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # soak and lib.sh have the rest
# Who produces and who consumes. Each topic has one producer, idempotent, that
# ends when its records do. A consumer that ends goes on where its account does.

topics=(east west)
consumers=(east-kcat west-kcat east-java)

# kcat goes on whatever fails (-E), and comes back within a second.
patient=(-E -X reconnect.backoff.max.ms=1000)

# On a busy host a new topic can take longer than the 30 s after which librdkafka
# says that there is none.
producer() {			# TOPIC
	{
		echo "$BASHPID" >"$state/$1.pid"
		exec "$soak_dir/records.py" make "$1" "$rate" "$state/$1.made"
	} | kcat_tls payments -P -t "$1" "${patient[@]}" -X linger.ms=200 \
		-X enable.idempotence=true -X message.timeout.ms=0 \
		-X topic.metadata.propagation.max.ms=600000
}

# produced TOPIC: in the background; how it ended is in a file.
produced() {
	local status=0
	producer "$1" >>"$work/log/$1-producer" 2>&1 || status=$?
	echo $status >"$state/$1.status"
}

# of NAME FIELD: a number of the account, in $number. Without a process, for this
# is asked again and again, and in emulation a broker needs all there is.
of() {
	local account=''
	[ ! -e "$state/$1.json" ] || read -r account <"$state/$1.json"
	number=0
	[[ ! $account =~ \"$2\":\ ([0-9]+) ]] || number=${BASH_REMATCH[1]}
}

# A few large answers instead of many small ones.
fetch_bytes=65536

consume_kcat() {		# NAME
	of "$1" next_offset
	EXEC=exec kcat_tls "$1" -C -t "${1%-*}" -p 0 -o "$number" -q -u \
		-X fetch.min.bytes=$fetch_bytes "${patient[@]}" -f 'Partition:%p\tOffset:%o\t%s\n'
}

# Its keys are renewed after 64 KiB.
consume_java() {		# NAME
	export HEAP=128m EXEC=exec
	export JAVA_FLAGS=-Djava.security.properties=$work/updates.security
	of "$1" next_offset
	java_run org.apache.kafka.tools.consumer.ConsoleConsumer \
		--bootstrap-server "$bootstrap" --topic "${1%-*}" \
		--partition 0 --offset "$number" \
		--command-property fetch.min.bytes=$fetch_bytes \
		--formatter-property print.partition=true \
		--formatter-property print.offset=true \
		--command-config "$tls/payments.properties"
}

# consumed NAME: in the background, again and again until stop_consumers.
consumed() {
	while [ ! -e "$state/stop" ]; do
		{
			echo "$BASHPID" >"$state/$1.pid"
			"consume_${1#*-}" "$1" 2>>"$work/log/$1"
		} | "$soak_dir/records.py" check "${1%-*}" "$state/$1.json" \
			2>>"$work/log/$1-account" || :
		# One that cannot start must not be all that this machine does.
		read -rt 1 -u "$never" || :
	done
}

start_producers() {
	local topic
	for topic in "${topics[@]}"; do
		produced "$topic" &
	done
	for topic in "${topics[@]}"; do
		wait_for 120 "topic $topic" topic_exists "$topic"
	done
}

topic_exists() {
	kcat -b "$inside" -L -J -m 10 | jq -e --arg topic "$1" \
		'any(.topics[]; .topic == $topic and (.partitions | length) == 1)'
}

start_consumers() {
	local name
	printf '%s' 'jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^16,' \
		'ChaCha20-Poly1305 KeyUpdate 2^16' >"$work/updates.security"
	for name in "${consumers[@]}"; do
		consumed "$name" &
	done
	# Java takes its time, and has until the end for it.
	for name in "${consumers[@]}"; do
		[ "${name#*-}" = java ] ||
			wait_for 300 "the first records of $name" has_records "$name"
	done
}

has_records() {
	of "$1" next_offset
	[ "$number" -gt 0 ]
}

# The records end, the producers when all of theirs are acknowledged.
stop_producers() {
	local topic
	for topic in "${topics[@]}"; do
		kill "$(cat "$state/$topic.pid")"
	done
	for topic in "${topics[@]}"; do
		wait_for 300 "the end of the producer of $topic" \
			test -e "$state/$topic.status" || :
	done
}

has_all() {
	of "$1" next_number
	[ "$number" -ge "$(<"$state/${1%-*}.made")" ]
}

stop_consumers() {
	local name
	for name in "${consumers[@]}"; do
		wait_for 300 "all records at $name" has_all "$name" || :
	done
	touch "$state/stop"
	for name in "${consumers[@]}"; do
		kill "$(cat "$state/$name.pid")" 2>/dev/null || :
	done
}

# --- what they did ------------------------------------------------------------

producers_json() {
	local topic
	for topic in "${topics[@]}"; do
		jq -n --arg topic "$topic" --argjson made "$(cat "$state/$topic.made")" \
			--arg status "$(cat "$state/$topic.status" 2>/dev/null)" \
			'{ topic: $topic, made: $made, status: $status }'
	done
}

consumers_json() {
	local name
	for name in "${consumers[@]}"; do
		jq --arg name "$name" --arg topic "${name%-*}" \
			'{ name: $name, topic: $topic } + .' "$state/$name.json"
	done
}
