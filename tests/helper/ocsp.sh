# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# OCSP: what responders say about clients, good ones and bad ones, and what is
# stapled to our own certificate.

responders=()

# --- responders -------------------------------------------------------------------

issue ocsp-signer /CN=ocsp-signer ca extendedKeyUsage=OCSPSigning
issue plain-signer /CN=plain-signer ca
issue strange-signer /CN=strange-signer other-ca extendedKeyUsage=OCSPSigning

# What all of them know: an index as `openssl ca` keeps it.
index() { # index V|R NAME
	local serial end
	serial=$(openssl x509 -in "$work/$2.crt" -noout -serial | cut -d= -f2)
	end=$(date -u -d "$(openssl x509 -in "$work/$2.crt" -noout -enddate |
		cut -d= -f2)" +%y%m%d%H%M%SZ)
	case $1 in
	V) printf 'V\t%s\t\t%s\tunknown\t/CN=%s\n' "$end" "$serial" "$2" ;;
	R) printf 'R\t%s\t260101000000Z,keyCompromise\t%s\tunknown\t/CN=%s\n' \
		"$end" "$serial" "$2" ;;
	esac >>"$work/ocsp.index"
}

# responder PORT SIGNER [OPTION...]: openssl's own
responder() {
	local port=$1 signer=$2
	shift 2
	: >"$work/responder.$port"
	openssl ocsp -port "$port" -index "$work/ocsp.index" \
		-CA "$work/ca.crt" -rsigner "$work/$signer.crt" \
		-rkey "$work/$signer.key" "$@" >"$work/responder.$port" 2>&1 &
	responders+=($!)
	wait_for 60 grep -qi accept "$work/responder.$port" &&
		not grep -q error "$work/responder.$port" ||
		{ cat "$work/responder.$port"; return 1; }
}

# bad_responder PORT [OPTION...]: see responder.py
bad_responder() {
	local port=$1
	shift
	: >"$work/responder.$port"
	python3 "$helper_dir/responder.py" --port "$port" "$@" \
		>"$work/responder.$port" 2>&1 &
	responders+=($!)
	wait_for 60 grep -q listening "$work/responder.$port" ||
		{ cat "$work/responder.$port"; return 1; }
}
asked() { grep -c asked "$work/responder.$1"; } # asked PORT: how often

responders_stop() {
	[ ${#responders[@]} -gt 0 ] || return 0
	kill "${responders[@]}" 2>/dev/null
	wait "${responders[@]}" 2>/dev/null
	responders=()
}

url() { echo "http://127.0.0.1:$1/"; }
aia() { echo "authorityInfoAccess=OCSP;URI:$(url "$1")"; }

issue lost /CN=lost ca extendedKeyUsage=clientAuth
issue unknown /CN=unknown ca extendedKeyUsage=clientAuth
issue named /CN=named ca extendedKeyUsage=clientAuth "$(aia 8801)"
issue quick /CN=quick ca extendedKeyUsage=clientAuth "$(aia 8801)"
issue slow /CN=slow ca extendedKeyUsage=clientAuth "$(aia 8805)"
issue stapled /CN=localhost ca subjectAltName=DNS:localhost "$(aia 8801)"
for name in client named quick slow stapled; do index V $name; done
index R lost

check "a responder" responder 8801 ocsp-signer -nmin 10
check "one that the CA itself is" responder 8802 ca -nmin 10
check "one with a certificate that is not meant for it" \
	responder 8803 plain-signer -nmin 10
check "one of another CA" responder 8804 strange-signer -nmin 10
check "a slow one" bad_responder 8805 --upstream 8801 --hold "$work/go-on"
nothing=$(printf 'HTTP/1.0 500 out of order\r\n\r\n' | od -An -tx1 | tr -d ' \n')
check "one out of order" bad_responder 8807 --answer "$nothing"
check "one that says nothing and goes" bad_responder 8808
# OCSPResponseStatus tryLater
later=$(printf 'HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: 5\r\n\r\n\060\003\012\001\003' |
	od -An -tx1 | tr -d ' \n')
check "one that is busy" bad_responder 8809 --answer "$later"

# --- questions, without a gate ---------------------------------------------------------

# answer SENTENCE PORT|- [NAME [nonce|plain [MILLISECONDS]]]
answer() {
	local sentence=$1 to=$2 name=${3:-client} mode=${4:-plain} time=${5:-60000}
	[ "$to" = - ] || to=$(url "$to")
	"$work/ocsp" "$mode" "$time" "$work/$name.crt" "$work/ca.crt" "$to" \
		>"$work/answers" 2>&1
	cat "$work/answers"
	grep -qF "$name.crt: $sentence" "$work/answers"
}
if [ -n "$(type -P cc)" ] && [ -e /usr/include/openssl/ssl.h ]; then
	check "the asker builds" with_helper ocsp
	check "a delegated responder" answer "good, with nextUpdate" 8801
	check "the CA itself" answer "good, with nextUpdate" 8802
	check "a revoked certificate" answer revoked 8801 lost
	check "one that the responder does not know" answer \
		"none: it does not know the certificate" 8801 unknown
	check "the responder that the certificate names" answer good - named
	check "none named" answer "none: the certificate names no http://" -
	check "a signer without OCSPSigning" answer \
		"none: the response is not signed by the certificate's issuer" 8803
	check "a signer of another CA" answer \
		"none: the response is not signed by the certificate's issuer" 8804
	check "with a nonce" answer good 8801 client nonce
	check "an error of HTTP" answer "none: no OCSP response over HTTP" 8807
	check "no response" answer "none: no OCSP response over HTTP" 8808
	check "a busy responder" answer "none: it said trylater" 8809
	check "nobody there" answer "none: cannot connect: Connection refused" 8999
	check "one that does not answer in time" answer \
		"none: no response: Connection timed out" 8805 client plain 300
	check "a name that does not exist" eval '
		"$work/ocsp" plain 60000 "$work/client.crt" "$work/ca.crt" \
		http://no-such-host.invalid/ >"$work/answers"
		cat "$work/answers"; grep -q "none: [A-Z]" "$work/answers"'
	old_response() { # for one who asks again: the same answer, from a file
		openssl ocsp -issuer "$work/ca.crt" -cert "$work/client.crt" \
			-url "$(url 8801)" -no_nonce -respout "$work/old.der" \
			>/dev/null 2>&1
		printf 'HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: %d\r\n\r\n' \
			"$(stat -c %s "$work/old.der")" >"$work/old.http"
		cat "$work/old.der" >>"$work/old.http"
		bad_responder 8810 --answer \
			"$(od -An -tx1 "$work/old.http" | tr -d ' \n')"
	}
	check "a responder with a recorded answer" old_response
	check "is good without a nonce" answer good 8810
	check "and not with one" answer \
		"none: the response has not the nonce of the request" 8810 client nonce
	check "a recorded answer about another" answer \
		"none: the response is about another certificate" 8810 named

	# Twenty questions at the slow responder, more than it may occupy, and
	# one at another: that is answered while none of them is.
	many() {
		local i all=()
		for i in $(seq 20); do
			# Each a certificate of its own, all of them "slow".
			issue "slow$i" "/CN=slow$i" ca
			all+=("$work/slow$i.crt" "$work/ca.crt" "$(url 8805)")
		done
		rm -f "$work/go-on"
		"$work/ocsp" plain 60000 "${all[@]}" "$work/client.crt" \
			"$work/ca.crt" "$(url 8801)" >"$work/answers" &
		local asker=$!
		wait_for 60 grep -q "client.crt: good" "$work/answers" &&
			not grep -q slow "$work/answers"
		local result=$?
		touch "$work/go-on"
		wait $asker
		rm "$work/go-on"
		cat "$work/answers"
		[ $result = 0 ] && [ "$(grep -c "^slow" "$work/answers")" = 20 ]
	}
	check "a slow responder delays nobody who asks another" many
	same() {
		local before
		before=$(asked 8805)
		rm -f "$work/go-on"
		# shellcheck disable=SC2046 # words
		"$work/ocsp" plain 60000 $(for _ in 1 2 3 4 5; do
			echo "$work/slow.crt $work/ca.crt $(url 8805)"; done) \
			>"$work/answers" &
		local asker=$!
		wait_for 60 eval '[ "$(asked 8805)" -gt '"$before"' ]'
		touch "$work/go-on"
		wait $asker
		rm "$work/go-on"
		cat "$work/answers"
		[ "$(grep -c "slow.crt: good" "$work/answers")" = 5 ] &&
			[ "$(asked 8805)" = $((before + 1)) ]
	}
	check "five who want to know the same: asked once" same
fi

# --- clients of a gate --------------------------------------------------------------

as() { # as NAME [OPTION...]: a client with that certificate
	local name=$1
	shift
	client --cert "$work/$name.crt" --key "$work/$name.key" "$@" >/dev/null
}
passes() { as "$@"; echoed; }
fails() { as "$@"; not echoed; }
client_error() { said ".error // \"\" | ascii_downcase | contains(\"$1\")"; }

agent agent
check "one that counts" bad_responder 8811 --upstream 8801
WORKERS=1 config "ocsp: hard" "ocsp-responder: $(url 8811)"
check "the helper starts with ocsp: hard" helper_start
check "who is good passes" mtls_echo
check "again" mtls_echo
check "the responder was asked once" eval '[ "$(asked 8811)" = 1 ]'
: >"$work/agent.seen"
check "who was revoked does not pass" fails lost
check "the client has the alert" client_error "certificate revoked"
check "the helper tells when and why" logged \
	"refused: certificate CN=lost was revoked on 2026-01-01T00:00:00Z: keyCompromise (OCSP) (alert certificate_revoked sent)"
check "with TLS 1.2 neither" fails lost --max 1.2
check "who is not known does not pass" fails unknown
check "and why" logged \
	"refused: no answer of OCSP about certificate CN=unknown: it does not know the certificate (status unknown) (alert certificate_unknown sent)"
check "the agent has seen none of them" agent_saw_nothing

check "a session" session 3 out
check "is resumed while the answer is good" eval 'session 3 in && resumed'
WORKERS=1 config "ocsp: hard" "ocsp-responder: $(url 8802)"
check "another responder" reload
check "without an answer of it there is a full handshake" eval \
	'session 3 in && not resumed'
cp "$work/ocsp.index" "$work/ocsp.before"
sed -i '/CN=client$/d' "$work/ocsp.index"
index R client
check "a responder that knows of a revocation" responder 8812 ocsp-signer -nmin 10
mv "$work/ocsp.before" "$work/ocsp.index"
WORKERS=1 config "ocsp: hard" "ocsp-responder: $(url 8812)"
check "is asked from now on" reload
check "the session of before does not pass" not session 3 in
check "because of that" logged \
	"certificate CN=payments,O=ACME was revoked on 2026-01-01T00:00:00Z"
check "nor is it resumed now that the answer is known" eval \
	'not session 3 in && not resumed'

# --- no answer ---------------------------------------------------------------------

WORKERS=1 config "ocsp: hard" "ocsp-responder: $(url 8999)"
check "hard, and nobody there" reload
check "nobody passes" fails client
check "the client has an alert" client_error "certificate unknown"
check "and why" logged \
	"no answer of OCSP about certificate CN=payments,O=ACME: cannot connect: Connection refused (alert certificate_unknown sent)"
WORKERS=1 config "ocsp: soft" "ocsp-responder: $(url 8999)"
check "soft, and nobody there" reload
check "clients pass" mtls_echo
check "with a warning" logged \
	"passes without an answer of OCSP about CN=payments,O=ACME: cannot connect: Connection refused"
lines=$(log_lines "passes without an answer")
check "five more" mtls_echo --count 5
check "are not told one by one" eval \
	'[ "$(log_lines "passes without an answer")" -lt $((lines + 5)) ]'
WORKERS=1 config "ocsp: soft" "ocsp-responder: $(url 8801)"
check "soft, and a responder" reload
check "who was revoked does not pass" fails lost
WORKERS=1 config "ocsp: hard"
check "hard, by the certificates' own responders" reload
check "who names one passes" passes named
check "who names none does not" fails client
check "and why" logged "the certificate names no http:// responder"
WORKERS=1 config "ocsp: hard" "ocsp-nonce: true" "ocsp-responder: $(url 8801)"
check "with a nonce" reload
check "who is good passes" mtls_echo
if [ -e "$work/old.der" ]; then
	WORKERS=1 config "ocsp: hard" "ocsp-nonce: true" \
		"ocsp-responder: $(url 8810)"
	check "a recorded answer" reload
	check "is worth nothing then" fails client
fi

# --- a live one ----------------------------------------------------------------------

# Without nextUpdate an answer is good for a minute.
check "a responder that does not say how long" responder 8813 ocsp-signer
short_lived=${responders[-1]}
WORKERS=1 config "ocsp: hard" "ocsp-responder: $(url 8813)"
check "is asked" reload
OUT=revoked client --cert "$work/client.crt" --key "$work/client.key" --stay \
	>/dev/null &
live=$!
check "a client passes" wait_for 60 grep -q alive "$work/revoked.err"
kill "$short_lived"
wait "$short_lived" 2>/dev/null
cp "$work/ocsp.index" "$work/ocsp.before"
sed -i '/CN=client$/d' "$work/ocsp.index"
index R client
check "the same responder knows of a revocation" responder 8813 ocsp-signer
mv "$work/ocsp.before" "$work/ocsp.index"
check "the live client is cut when its answer has ended" wait_for 150 \
	grep -q '"end"' "$work/revoked.json"
check "because of that" logged \
	"cut: certificate CN=payments,O=ACME was revoked on 2026-01-01T00:00:00Z"
kill $live 2>/dev/null
wait $live

# --- a slow one ----------------------------------------------------------------------

rm -f "$work/go-on"
WORKERS=1 config "ocsp: hard" "ocsp-timeout: 60s" "handshake-timeout: 60s"
check "one worker, patient" reload
before=$(asked 8805)
OUT=slow as slow &
slow=$!
slow_asked() { [ "$(asked 8805)" -gt "$before" ]; }
check "a client whose responder is slow" wait_for 60 slow_asked
: >"$work/agent.seen"
check "another one passes meanwhile" passes quick
check "and the slow one has not" eval \
	'not grep -q . "$work/slow.json" &&
	 [ "$(grep -c accepted "$work/agent.seen")" = 1 ]'
touch "$work/go-on"
wait $slow
check "it passes once the responder has answered" jq -e .echo "$work/slow.json"
rm "$work/go-on"

issue gone /CN=gone ca "$(aia 8805)"
index V gone
before=$(asked 8805)
mkfifo "$work/leave"
as gone --reset "$work/leave" &
gone=$!
check "a client waits for the slow responder" wait_for 60 slow_asked
echo >"$work/leave"
wait $gone
check "and goes" wait_for 60 logged \
	"the client closed the connection before the agent took it"
touch "$work/go-on"
check "the helper serves when the answer comes" passes quick
rm "$work/go-on"
issue late /CN=late ca "$(aia 8805)"
WORKERS=1 config "ocsp: hard" "ocsp-timeout: 300ms"
check "one worker, not patient" reload
check "a client whose responder is slow does not pass" fails late
check "and why" logged \
	"no answer of OCSP about certificate CN=late: no response: Connection timed out (alert certificate_unknown sent)"
before=$(asked 8805)
issue later /CN=later ca "$(aia 8805)"
WORKERS=1 config "ocsp: soft" "ocsp-timeout: 60s" "handshake-timeout: 60s"
check "patient again" reload
as later &
slow=$!
check "a client waits when the helper is to end" wait_for 60 slow_asked
check "it ends all the same" helper_stop
wait $slow
touch "$work/go-on"

# --- stapling ------------------------------------------------------------------------

status() { # what is stapled, if it verifies
	openssl s_client -connect 127.0.0.1:9092 -CAfile "$work/ca.crt" \
		-cert "$work/client.crt" -key "$work/client.key" -status \
		</dev/null >"$work/status" 2>&1
	grep -q "Cert Status: good" "$work/status"
}
update() { sed -n 's/^ *This Update: //p' "$work/status"; }
config "ocsp-stapling: true"
check "--check warns of a certificate without a responder" eval '
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	[ $? = 1 ] && grep -q "warning: nothing to staple: $work/server.crt names no http:// OCSP responder" "$work/checked"'
issue brief /CN=localhost ca subjectAltName=DNS:localhost "$(aia 8814)"
index V brief
check "a responder whose answers last a minute" responder 8814 ocsp-signer -nmin 1
config "certificate: $work/brief.crt" "private-key: $work/brief.key" \
	"ocsp-stapling: true"
check "the helper starts with stapling" helper_start
check "a response is stapled" wait_for 60 status
first=$(update)
check "reload" reload
check "it is there at once after a reload" status
later_update() { status && [ "$(update)" != "$first" ]; }
check "it is refreshed by itself" wait_for 120 later_update
kill "${responders[-1]}"
check "the responder goes: a warning" wait_for 120 logged \
	"certificate CN=localhost: no OCSP response to staple from $(url 8814): cannot connect"
check "nothing is stapled once the last one has expired" wait_for 120 not status
check "and clients pass" mtls_echo
config "certificate: $work/stapled.crt" "private-key: $work/stapled.key" \
	"ocsp-stapling: true"
check "another certificate, another responder" reload
check "its response is stapled" wait_for 60 status
config "certificate: $work/stapled.crt" "private-key: $work/stapled.key"
check "stapling ends" reload
check "nothing is stapled" not status

# --- keys ---------------------------------------------------------------------------

wrong() { # wrong KEY SENTENCE VALUE...
	local key=$1 sentence=$2
	shift 2
	config "$@"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked" 2>&1
	[ $? = 2 ] && grep -qF "$key: $sentence" "$work/checked" ||
		{ cat "$work/checked"; return 1; }
}
check "https" wrong ocsp-responder "'https://127.0.0.1/' is not a URL such as" \
	"ocsp: hard" "ocsp-responder: https://127.0.0.1/"
check "no URL" wrong ocsp-responder "'http://' is not a URL such as" \
	"ocsp: hard" "ocsp-responder: http://"
check "a responder without ocsp" wrong ocsp-responder \
	"needs ocsp: soft or hard" "ocsp-responder: $(url 8801)"
check "a nonce without ocsp" wrong ocsp-nonce "needs ocsp: soft or hard" \
	"ocsp-nonce: true"
check "a time without ocsp" wrong ocsp-timeout "needs ocsp: soft or hard" \
	"ocsp-timeout: 1s"
check "ocsp without clients' certificates" wrong ocsp \
	"needs client-auth: required or requested" "ocsp: soft" "client-auth: none"
check "ocsp: maybe" wrong ocsp "'maybe' is not one of off, soft, hard" \
	"ocsp: maybe"
responders_stop
