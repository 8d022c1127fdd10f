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

# Which group: a session that began with the hybrid one is resumed with X25519, if
# the client sends a share for both.
exchanged() { # exchanged GROUP full|resumed: in the handshake before
	local last
	last=$(grep -o 'accepted: CN=payments,O=ACME TLS 1.3 .*' \
		"$work/helper.log" | tail -n 1)
	echo "$last"
	case $2 in
	full) [[ $last == *" $1 "* && $last != *resumed* ]] ;;
	resumed) [[ $last == *" $1 resumed "* ]] ;;
	esac
}
hybrid=X25519MLKEM768
both="*$hybrid:*X25519"

began_with() { # began_with GROUPS
	session_options=(-groups "$1")
	session 3 out
}
# Resumes the session, and keeps the one that it is given then.
go_on() {
	local options=("${session_options[@]}")
	session_options+=(-sess_out "$work/next")
	session 3 in && resumed && mv "$work/next" "$work/session.3"
	local status=$?
	session_options=("${options[@]}")
	return $status
}

has_hybrid=false
openssl list -kem-algorithms | grep -q $hybrid && has_hybrid=true
if $has_hybrid; then
	check "a client with shares for both begins" began_with "$both"
	check "with the hybrid group" exchanged $hybrid full
	for time in first second; do
		check "resumes for the $time time" go_on
		check "with X25519" exchanged x25519 resumed
	done
	check "with another hash it is not resumed" eval '
		session_options=(-groups "$both" -ciphersuites TLS_AES_256_GCM_SHA384)
		session 3 in && not resumed'
	check "but has the hybrid group" exchanged $hybrid full
	check "a client with a share for the hybrid one alone" \
		began_with "$hybrid:X25519"
	check "resumes with that" eval '
		session 3 in && resumed && exchanged $hybrid resumed'
	check "a session that began with X25519" began_with X25519
	check "is resumed with what it was and the client wants now" eval '
		session_options=(-groups "$both")
		session 3 in && resumed && exchanged $hybrid resumed'

	check "a session" began_with "$both"
	config "hybrid-resumption: true"
	check "with hybrid-resumption" reload
	check "is resumed with the hybrid group" eval '
		session 3 in && resumed && exchanged $hybrid resumed'
	config
	check "and without it" reload
	check "with X25519 again" eval '
		session 3 in && resumed && exchanged x25519 resumed'
else
	check "this OpenSSL has no $hybrid # SKIP" true
fi
session_options=()

# Sessions that come from one another have one life.
later() { date -s "@$(($(date +%s) + $1))" >/dev/null; }
check "a session" session 3 out
check "is resumed after 40 minutes, which gives another" eval '
	later 2400 && go_on'
check "that one after 15 more" eval '
	later 900 && go_on'
check "but none an hour after the handshake with a certificate" eval '
	later 600 && session 3 in && not resumed'
later -3900

# The same file, another CA in it: sessions of before are void.
cat "$work/other-ca.crt" >>"$work/ca.crt"
check "reload with one more client CA" reload
for version in 2 3; do
	check "TLS 1.$version: a session of before" session $version in
	check "TLS 1.$version: is not resumed" not resumed
done
! $has_hybrid ||
	check "the full handshake has the hybrid group" exchanged $hybrid full
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
