# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh has the rest
# Clients that a gate must refuse, and the error that both sides saw. librdkafka
# is asked, for it says what the server's alert was; -L asks for the metadata and
# gives up after -m seconds.

# refusals CODE: the events, so far, of clients refused for this reason.
refusals() {
	jq -c --arg code "$1" \
		'select(.event == "refused" and .code == $code)' "$work/events"
}

more_refusals() { [ "$(refusals "$1" | wc -l)" -gt "$2" ]; }

# refuse NAME CODE CLIENT...: runs it to its failure. What the client saw goes into
# $work/refused/NAME.client, the helper's event into NAME.helper.
refuse() {
	local name=$1 code=$2 before
	shift 2
	mkdir -p "$work/refused"
	before=$(refusals "$code" | wc -l)
	client_begin "$name" "$@"
	wait_for 60 "the refusal of $name" more_refusals "$code" "$before"
	wait_for 60 "the error of $name" client_error "$name"
	# kcat takes a SIGTERM for its minute to be over.
	client_stop "$name" KILL
	client_error "$name" >"$work/refused/$name.client"
	refusals "$code" | sed -n "$((before + 1))p" \
		>"$work/refused/$name.helper"
	if grep -q topic "$clients/$name.out"; then
		echo "$name: was served" >&2
		return 1
	fi
}

# The first failure, without librdkafka's names for thread and broker. A
# refusal after the handshake (TLS 1.3) is seen by some as a disconnect.
client_error() {
	grep -m 1 -E '\|(FAIL|ERROR)\||^kafkajs: ' "$clients/$1.err" |
		sed -E 's/^%[^]]*\]: //; s/^kafkajs: //; s,^[a-z_]+://[^ ]*: ,,; s,^[^ ]+/bootstrap: ,,'
}

refuse_without_certificate() {
	refuse no-certificate no-certificate kcat_without_certificate -L -m 60
}

# librdkafka keeps a certificate back whose CA the server does not name.
refuse_other_ca() {
	refuse other-ca bad-certificate CERTIFICATE=stranger kafkajs list
}

refuse_plaintext() { refuse plaintext not-tls kcat_plaintext -L -m 60; }

refusals_json() {
	local name
	declare -A what=([no-certificate]="no client certificate"
		[other-ca]="certificate of other CA" [plaintext]="plaintext client")
	for name in no-certificate other-ca plaintext; do
		jq --arg what "${what[$name]}" \
			--rawfile client "$work/refused/$name.client" '{
			what: $what, client: ($client | rtrimstr("\n")),
			helper: .reason, code, alert, peer_address, peer_port }' \
			"$work/refused/$name.helper"
	done
}
