# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every TLS version, cipher suite and kind of certificate that a gate takes.

agent agent
config
check "the helper starts" helper_start

check "TLS 1.3 with a client certificate" mtls_echo --min 1.3
check "is TLS 1.3" said '.version == "TLSv1.3"'
check "the agent sees the client's address and its own port" \
	grep -qE "accepted (::ffff:)?127.0.0.1 [0-9]+ 9092" "$work/agent.seen"
check "the agent reads plaintext" \
	grep -qF "read b'hello gate'" "$work/agent.seen"
check "the principal is Kafka's" logged "accepted: CN=payments,O=ACME TLS 1.3"
check "TLS 1.2 with a client certificate" mtls_echo --max 1.2
check "is TLS 1.2" said '.version == "TLSv1.2"'
check "the principal in TLS 1.2" logged "accepted: CN=payments,O=ACME TLS 1.2"

for suite in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 \
	     ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-CCM; do
	check "TLS 1.2 $suite" mtls_echo --max 1.2 --ciphers "$suite"
done

# s_client NAME ARGUMENTS...: what openssl's own client says, with an echo.
s_client() {
	local out=$work/$1.out
	shift
	: >"$out"
	{ echo hello gate; wait_for 60 grep -q '^hello gate' "$out"; } |
		timeout 60 openssl s_client -connect 127.0.0.1:9092 \
		-CAfile "$work/ca.crt" -cert "$work/client.crt" \
		-key "$work/client.key" -nocommands "$@" >"$out" 2>&1
	cat "$out"
	grep -q '^hello gate' "$out"
}

for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 \
	     TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_CCM_SHA256; do
	check "TLS 1.3 $suite" s_client suite -tls1_3 -ciphersuites $suite
done
for group in X25519MLKEM768 X25519 P-256 P-384 P-521; do
	check "TLS 1.3 group $group" s_client group -tls1_3 -groups $group
	check "group $group is told" grep -qE "accepted: .* TLS 1.3 \S+ \S*($group|secp${group#P-}r1|x25519)" "$work/helper.log"
done

for algorithm in rsa ed25519; do
	ALGORITHM=$algorithm issue "server-$algorithm" /CN=localhost ca \
		subjectAltName=DNS:localhost
	ALGORITHM=$algorithm issue "client-$algorithm" "/CN=$algorithm" ca
	check "restart with a key of type $algorithm" restart_with \
		"certificate: $work/server-$algorithm.crt" \
		"private-key: $work/server-$algorithm.key"
	for version in 1.2 1.3; do
		check "$algorithm certificates, TLS $version" mtls_echo \
			--min $version --max $version \
			--cert "$work/client-$algorithm.crt" \
			--key "$work/client-$algorithm.key"
	done
	check "the principal is CN=$algorithm" logged "accepted: CN=$algorithm "
done

# A chain: CA, intermediate, server and client, the root alone trusted.
issue sub-ca /CN=sub-ca ca basicConstraints=critical,CA:true \
	keyUsage=critical,keyCertSign
issue deep-server /CN=localhost sub-ca subjectAltName=DNS:localhost
issue deep-client /CN=deep sub-ca extendedKeyUsage=clientAuth
cat "$work/sub-ca.crt" >>"$work/deep-server.crt"
cat "$work/sub-ca.crt" >>"$work/deep-client.crt"
check "restart with a chain" restart_with \
	"certificate: $work/deep-server.crt" \
	"private-key: $work/deep-server.key"
check "chains on both sides" mtls_echo --cert "$work/deep-client.crt" \
	--key "$work/deep-client.key"

check "restart with client-auth requested" restart_with \
	"client-auth: requested"
check "requested: without a certificate" eval \
	'client >/dev/null; echoed'
check "is ANONYMOUS" logged "accepted: ANONYMOUS"
check "requested: with a certificate" mtls_echo
check "is its subject" logged "accepted: CN=payments,O=ACME"
check "requested: a certificate of another CA is refused" eval \
	'client --cert "$work/stranger.crt" --key "$work/stranger.key"; not echoed'
check "restart with client-auth none" restart_with "client-auth: none"
check "none: a certificate is not asked for" mtls_echo
check "none: everyone is ANONYMOUS" logged "accepted: ANONYMOUS"
check "restart with TLS 1.3 only" restart_with 'tls-min-version: "1.3"'
check "TLS 1.2 is refused then" eval 'mtls --max 1.2; not echoed'
check "and told as a lack of a common version" logged \
	"refused: no TLS version in common with the client (alert protocol_version sent)"
check "TLS 1.3 passes" mtls_echo

# What is sent does not fit at once into the helper's buffer and the client's.
names=$(seq -s , -f 'DNS:host-%04g.example.com' 600)
check "a certificate of 16 KB" issue big /CN=localhost ca \
	"subjectAltName=DNS:localhost,IP:127.0.0.1,$names"
room=$(sysctl -n net.ipv4.tcp_wmem)
sysctl -qw net.ipv4.tcp_wmem="4096 4096 4096"
check "the helper starts with little room to send" restart_with \
	"certificate: $work/big.crt" "private-key: $work/big.key"
check "serves a client that takes it in small pieces" mtls_echo --window 2048
sysctl -qw net.ipv4.tcp_wmem="$room"
