# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sessions that are resumed: the same identity, and never past a changed CA.

agent agent --library "$tree/build/guest/userspace/libktlsgate.so.0"
config
check "the helper starts" helper_start

for version in 2 3; do
	check "TLS 1.$version: a session" session $version out
	check "TLS 1.$version: is new" not resumed
	check "TLS 1.$version: the session again" session $version in
	check "TLS 1.$version: is resumed" resumed
	check "TLS 1.$version: with the same identity" eval \
		"grep -qE 'accepted: CN=payments,O=ACME TLS 1.$version .* resumed' \
		\"\$work/helper.log\""
done
check "the agent sees the same client each time" eval \
	'[ "$(grep -c "^principal CN=payments,O=ACME$" "$work/agent.seen")" = 4 ]'
check "and asks for more of it" eval '
	grep -q "^issuer CN=test-ca$" "$work/agent.seen" &&
	grep -q "^gate kafka$" "$work/agent.seen" &&
	grep -q "^server_name No data available$" "$work/agent.seen"'
check "python's client resumes, too" eval \
	'mtls --count 3 --max 1.2 >/dev/null; echoed && said .resumed'

check "any worker resumes what another began" eval '
	for i in $(seq 8); do session 3 in && resumed || exit 1; done'

# The same file, another CA in it: sessions of before are void.
cat "$work/other-ca.crt" >>"$work/ca.crt"
check "reload with one more client CA" reload
for version in 2 3; do
	check "TLS 1.$version: a session of before" session $version in
	check "TLS 1.$version: is not resumed" not resumed
done
openssl x509 -in "$work/ca.crt" -out "$work/first.crt"
mv "$work/first.crt" "$work/ca.crt"

# The certificate behind a session ends.
check "reload with the one CA" reload
openssl x509 -req -in "$work/client.csr" -CA "$work/ca.crt" \
	-CAkey "$work/ca.key" -not_before 20200101000000Z -not_after \
	"$(date -u -d '+20 seconds' +%Y%m%d%H%M%SZ)" -out "$work/short.crt" \
	2>/dev/null
cp "$work/client.crt" "$work/long.crt"
cp "$work/short.crt" "$work/client.crt"
check "a session with a certificate that ends soon" session 3 out
ended() { not openssl x509 -in "$work/short.crt" -checkend 0 -noout; }
check "it ends" wait_for 60 ended
check "the session is not resumed then" eval 'not session 3 in'
check "and the reason is told" logged "expired"
cp "$work/long.crt" "$work/client.crt"
