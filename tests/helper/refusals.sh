# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Who is refused, what each side is told, and that the agent sees none of them.

agent agent
config "handshake-timeout: 2s"
check "the helper starts" helper_start
: >"$work/agent.seen"

refused() { # refused WHAT-THE-HELPER-LOGS
	wait_for 60 logged "refused: $1"
}
client_error() { said ".error // \"\" | ascii_downcase | contains(\"$1\")"; }

client >/dev/null
check "no certificate, TLS 1.3: the helper says so" refused \
	"no client certificate (alert certificate_required sent)"
check "no certificate, TLS 1.3: the client has the alert" \
	client_error "certificate required"
client --max 1.2 >/dev/null
check "no certificate, TLS 1.2" refused \
	"no client certificate (alert handshake_failure sent)"
client --cert "$work/stranger.crt" --key "$work/stranger.key" >/dev/null
check "another CA: the helper names it" refused \
	"issuer CN=other-ca is not trusted (certificate CN=stranger) (alert unknown_ca sent)"
check "another CA: the client has the alert" client_error "unknown ca"
client --cert "$work/expired.crt" --key "$work/expired.key" >/dev/null
check "expired: the helper tells since when" refused \
	"certificate CN=payments,O=ACME expired on 2020-01-02T00:00:00Z (alert certificate_expired sent)"
check "expired: the client has the alert" client_error "certificate expired"
client --cert "$work/wrong-use.crt" --key "$work/wrong-use.key" >/dev/null
check "a server's certificate" refused \
	"certificate CN=wrong-use is not meant for clients"
mtls --max 1.2 --ciphers ECDHE-ECDSA-AES128-SHA >/dev/null
check "no cipher suite in common" refused "no cipher suite in common"

# ApiVersions v3 of a Kafka client, as it is sent in plaintext
kafka=00000023001200030000000000027a7a
client --raw "$kafka" >/dev/null
check "a plaintext Kafka request is recognised" refused \
	"not TLS: a plaintext Kafka request"
check "its client is disconnected without an answer" said \
	'.reply == "" or .error'
client --raw "$(printf 'GET / HTTP/1.1\r\n\r\n' | xxd -p 2>/dev/null ||
	printf 'GET / HTTP/1.1\r\n\r\n' | od -An -tx1 | tr -d ' \n')" >/dev/null
check "HTTP is recognised" refused "not TLS: a plaintext HTTP request"
client --raw 50524f585920544350342031 >/dev/null
check "a PROXY header is recognised" refused "not TLS: a PROXY protocol header"
client --raw ffffffffffffffffffff >/dev/null
check "random bytes are recognised" refused "not TLS: the first bytes"
client --raw 160301000501000001ff >/dev/null
check "a broken hello is a protocol error" refused "TLS protocol: "

client --silent >/dev/null
check "silence ends after the handshake timeout" refused \
	"the client did not begin a TLS handshake within 2000 ms"
check "and not much later" said '.took > 1.5 and .took < 8'
client --raw 1603010200010001fc0303 >/dev/null
check "half a hello ends as well" refused \
	"the TLS handshake did not end within 2000 ms"

openssl s_client -connect 127.0.0.1:9092 -CAfile "$work/other-ca.crt" \
	-verify_return_error </dev/null >/dev/null 2>&1
check "a client that refuses us" refused "the client sent alert unknown_ca"

check "a good client passes" mtls_echo
check "the agent has seen the one good client only" eval \
	'[ "$(grep -c accepted "$work/agent.seen")" = 1 ]'
lines=$(log_lines "refused:")
client --raw ffffffffffffffff --count 200 >/dev/null
# At most 20 in 10 seconds, so that a guest as slow as can be has fewer, too.
check "refusals are logged at a limited rate" eval \
	'[ "$(log_lines "refused:")" -lt $((lines + 150)) ]'
check "and those left out are counted, with nobody refused after them" \
	wait_for 60 logged "more refused clients not logged"
check "helper is alive" kill -0 "$helper_pid"
