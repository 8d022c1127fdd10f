# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# KeyUpdates of the TLS libraries that clients use, under load both ways at once:
# the agent sends by sendfile while it reads. Files and their checksums are what
# must come through; what the module counted is in the event of the end.
#
# GnuTLS gives up on a server that renews its keys more than eight times in a
# second, so it is asked for less than that in all.

golang=$tree/build/guest/tests/golang
classes=$tree/build/guest/tests/classes
size=$((2 << 20))

# Lines, for gnutls-cli takes its commands from lines of its own.
random_lines() {
	openssl rand -base64 $((size * 3 / 4)) | tr -d '\n' | fold -w 1023 |
		awk 'length == 1023'
}
random_lines >"$work/agent.in"
random_lines >"$work/client.in"
all=$(stat -c %s "$work/agent.in")

checksum() { sha256sum <"$1" | cut -d' ' -f1; }

# loaded NAME [CONDITION]: what both ends got, and a jq condition on the event
# of the connection's end.
loaded() {
	cat "$work/$1.err" 2>/dev/null
	wait_for 60 told "$1"
	cat "$work/$1.event"
	[ "$(checksum "$work/agent.in")" = "$(checksum "$work/$1.out")" ] ||
		{ echo "the client got $(wc -c <"$work/$1.out") bytes, or others"; return 1; }
	wait_for 60 grep -qxF "got $(checksum "$work/client.in")" "$work/load.seen" ||
		{ cat "$work/load.seen"; return 1; }
	jq -e "${2:-true}" "$work/$1.event" >/dev/null
}

# told NAME: keeps the event of the one connection since `fresh`.
told() {
	tail -n "+$((events_before + 1))" "$work/events" |
		jq -c 'select(.event == "closed")' >"$work/$1.event"
	[ "$(wc -l <"$work/$1.event")" = 1 ]
}

fresh() {
	: >"$work/load.seen"
	events_before=$(wc -l <"$work/events")
}

# --- the clients: what they send is client.in, what they get is NAME.out --------

openssl_load() { # openssl_load SUITE UPDATES [BYTES]: see updates.c
	fresh
	timeout 300 "$work/updates" 9092 "$work/ca.crt" "$work/client.crt" \
		"$work/client.key" "$1" "$2" "${3:-0}" <"$work/client.in" \
		>"$work/openssl.out" 2>"$work/openssl.err"
}

# What the client counted is what the module counted.
openssl_counts() {
	loaded openssl "
		.key_updates_received == $(jq .updates_sent "$work/openssl.err") and
		.key_updates_sent == $(jq .updates_received "$work/openssl.err") and
		.key_updates_sent >= $1"
}

# with_rekeys ALONE BOTH: client.in with so many commands to gnutls-cli between
# its lines, which renew the client's keys alone, or ask for the server's as well.
with_rekeys() {
	awk -v alone="$1" -v both="$2" '
		BEGIN { lines = '$((size / 1024))' }
		{ print }
		one < alone && NR % int(lines / (alone + 1)) == 0 {
			print "^rekey1^"
			one++
		}
		two < both && NR % int(lines / (both + 1)) == 5 {
			print "^rekey^"
			two++
		}' "$work/client.in"
}

# gnutls-cli ends with its input, so that has to wait for the other direction.
gnutls_load() {
	fresh
	: >"$work/gnutls.out"
	same_size() {
		[ "$(stat -c %s "$work/gnutls.out")" = "$(stat -c %s "$work/agent.in")" ]
	}
	{ with_rekeys "$@"; wait_for 200 same_size; } |
		timeout 300 gnutls-cli --port 9092 --inline-commands \
		--logfile="$work/gnutls.err" --x509cafile="$work/ca.crt" \
		--x509certfile="$work/client.crt" \
		--x509keyfile="$work/client.key" localhost >"$work/gnutls.out"
}

go_load() {
	fresh
	timeout 300 "$golang" load localhost:9092 "$work/ca.crt" \
		"$work/client.crt" "$work/client.key" <"$work/client.in" \
		>"$work/go.out" 2>"$work/go.err"
}

# java_load LIMIT: keys are renewed after 2^LIMIT bytes.
java_load() {
	fresh
	echo "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^$1" \
		>"$work/java.security"
	timeout 300 java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
		-Djava.security.properties="$work/java.security" \
		-cp "$classes" Updates 9092 "$work/client.p12" secret "$all" \
		<"$work/client.in" >"$work/java.out" 2>"$work/java.err"
}

keystore() {
	openssl pkcs12 -export -inkey "$work/client.key" -in "$work/client.crt" \
		-passout pass:secret -out "$work/client.p12" &&
		keytool -importcert -noprompt -alias ca -file "$work/ca.crt" \
			-keystore "$work/client.p12" -storepass secret
}

# --- they renew their keys --------------------------------------------------------

check "OpenSSL's client builds" eval 'cc -O1 -D_GNU_SOURCE -o "$work/updates" \
	"$helper_dir/updates.c" -lssl -lcrypto'
check "Java's keys" keystore
: >"$work/load.seen"
python3 "$helper_dir/load.py" 9092 "$work/agent.in" >>"$work/load.seen" 2>&1 &
agents+=($!)
wait_for 60 grep -q listening "$work/load.seen"
# Java's first handshake takes long in emulation.
config "client-auth: required" "handshake-timeout: 120s"
check "the helper starts" helper_start
"$ktlsgate" -j monitor >"$work/events" 2>/dev/null &
monitor=$!
agents+=($monitor)
probed() {
	"$ktlsgate" gate add probe port 1 2>/dev/null
	"$ktlsgate" gate del probe 2>/dev/null
	grep -q probe "$work/events"
}
wait_for 60 probed

for suite in TLS_AES_128_GCM_SHA256 TLS_CHACHA20_POLY1305_SHA256; do
	check "OpenSSL, $suite: 2 MiB each way, 100 KeyUpdates" \
		openssl_load $suite 100
	check "nothing is lost, and both counted the same" openssl_counts 1
done
check "OpenSSL without a KeyUpdate" openssl_load TLS_AES_128_GCM_SHA256 0
check "the module counts none" loaded openssl \
	'.key_updates_received == 0 and .key_updates_sent == 0'
check "GnuTLS: 2 MiB each way, 40 KeyUpdates, 6 that ask for ours" \
	gnutls_load 40 6
check "nothing is lost, all are counted, and those are answered" \
	loaded gnutls '.key_updates_received == 46 and
		.key_updates_sent >= 1 and .key_updates_sent <= 6'
check "Java: 2 MiB each way, keys of 128 KiB" java_load 17
check "nothing is lost, its KeyUpdates are counted and answered" \
	loaded java '.key_updates_received >= 8 and .key_updates_sent >= 1'
check "Go: 2 MiB each way" go_load
check "nothing is lost, it renews no keys by itself" \
	loaded go '.key_updates_received == 0 and .key_updates_sent == 0'

# --- the module renews them -------------------------------------------------------

# What the agent sends is 128 records of 16 KiB; so it is for what the client
# sends, but GnuTLS's and Go's are smaller.
renewed() { "$ktlsgate" gate set kafka key-records "$1"; }

check "a key is for 20 records" renewed 20
check "OpenSSL, SHA-384: both sides renew their keys" \
	openssl_load TLS_AES_256_GCM_SHA384 30 "$all"
check "nothing is lost, and the client saw what the module counted" eval '
	loaded openssl ".key_updates_received >= 30" && openssl_counts 5'
check "OpenSSL that renews none by itself" \
	openssl_load TLS_AES_128_GCM_SHA256 0 "$all"
check "does so when the module asks it to" loaded openssl \
	'.key_updates_received >= 1 and .key_updates_sent >= 5'
check "Go: keys of 20 records" go_load
# It may have written all before it reads that it is asked to.
check "nothing is lost, Go follows" loaded go '.key_updates_sent >= 5'
check "Java: keys of 20 records, and of 128 KiB" java_load 17
check "nothing is lost, both renewed theirs" loaded java \
	'.key_updates_received >= 8 and .key_updates_sent >= 5'
check "a key is for 120 records" renewed 120
check "GnuTLS: keys of 120 records" gnutls_load 20 2
check "nothing is lost, both renewed theirs" loaded gnutls \
	'.key_updates_received >= 22 and .key_updates_sent >= 1'

check "every connection ended as its client wanted" eval '
	jq -se "map(select(.event == \"closed\").close_reason) |
		length >= 11 and all(. == \"peer-close-notify\")" "$work/events"'
