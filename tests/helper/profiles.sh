# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# The TLS profiles: each gate accepts what the table has, and nothing else.
# probe.py asks for everything, sslscan and Go are second opinions.

golang=$tree/build/guest/tests/golang

. "$helper_dir/profile-table.sh"

probe() { python3 "$helper_dir/probe.py" "$1" | sort; }

same() { # same FILE FILE
	[ -s "$1" ] && diff "$1" "$2"
}

declare -A port=([ecdsa]=9092 [rsa]=9093)

accepts() { # accepts PROFILE RELAY KIND
	table "$@" >"$work/table"
	probe "${port[$3]}" >"$work/probed" && same "$work/table" "$work/probed"
}

# sslscan does not know X25519MLKEM768, and sees that a certificate of P-256 is
# of use in 1.2 only to who offers P-256.
scan_equals() { # scan_equals PROFILE RELAY KIND
	{
		table "$@" | grep -v ' 11ec$'
		[ "$3" = rsa ] || [ "$1" = modern ] || echo "1.2 group 0017"
		table "$@" | awk '!seen[$1]++ { print "version", $1 }'
	} | sort >"$work/table"
	timeout 900 sslscan --xml=- --no-heartbleed --no-compression \
		--no-renegotiation --no-fallback --no-check-certificate \
		--connect-timeout=120 --timeout=120 \
		"127.0.0.1:${port[$3]}" >"$work/scan.xml" &&
		python3 "$helper_dir/scanned.py" <"$work/scan.xml" |
		sort >"$work/scanned" && same "$work/table" "$work/scanned"
}

gates() { # gates KEY: VALUE...: one for each kind of certificate
	config "client-auth: none" "$@"
	gate_yaml "name: rsa" "port: ${port[rsa]}" "client-auth: none" \
		"certificate: $work/server-rsa.crt" \
		"private-key: $work/server-rsa.key" "$@" >>"$work/gates.yaml"
}

# chooses SUITE PORT OFFER...: what the server takes of the client's, in its order
chooses() {
	openssl s_client -connect "127.0.0.1:$2" -tls1_3 -ciphersuites "$3" \
		</dev/null 2>&1 | tee "$work/chosen" |
		grep -q "Cipher is $1\$" || { tail -n 20 "$work/chosen"; return 1; }
}
aes=TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256
order() { # order PORT: the gate's, and ChaCha for a client without AES
	chooses TLS_AES_128_GCM_SHA256 "$1" "$aes:TLS_CHACHA20_POLY1305_SHA256" &&
		chooses TLS_CHACHA20_POLY1305_SHA256 "$1" \
			"TLS_CHACHA20_POLY1305_SHA256:$aes"
}

with_profile() { gates "$@" && reload && logged "reloaded"; }

in_force() { # in_force GATE CONDITION: a jq condition on what gate show tells
	"$ktlsgate" -j gate show "$1" | tee "$work/shown" |
		jq -e ".[0].in_force | $2" >/dev/null ||
		{ cat "$work/shown"; return 1; }
}

lacks() { echo '([.lacks[] | select(.reason | startswith("'"$1"'")) | .name])'; }

ALGORITHM=rsa issue server-rsa /CN=localhost ca subjectAltName=DNS:localhost
agent agent
agent agent-rsa --port "${port[rsa]}"

strict_system "$work/strict.cnf"
gates "tls-profile: old"
check "the helper starts where openssl.cnf has TLS 1.3 and level 2" \
	eval 'OPENSSL_CONF=$work/strict.cnf helper_start'

while read -r profile relay given; do
	name=$profile
	[ "$given" = default ] || name="$profile, relay: $relay"
	if [ "$given" = default ]; then
		check "a gate of $name" with_profile "tls-profile: $profile"
	else
		check "a gate of $name" with_profile "tls-profile: $profile" \
			"relay: $relay"
	fi
	for kind in ecdsa rsa; do
		check "$name, $kind: accepted is what the table has" \
			accepts "$profile" "$relay" $kind
		check "$name, $kind: sslscan sees the same" \
			scan_equals "$profile" "$relay" $kind
	done
	check "$name: gate show tells the profile" in_force kafka \
		".\"tls-profile\" == \"$profile\" and .relay == $relay"
	check "$name: AES-128 first, unless the client has ChaCha first" \
		order 9092
	check "$name: a Go client with its defaults" eval \
		'"$golang" client localhost:9092 "$work/ca.crt" >"$work/go.json" &&
		 jq -e ".echo and .version == \"TLS 1.3\"" "$work/go.json"'
	if [ "$profile $relay" = "golang-default true" ]; then
		for kind in ecdsa rsa; do
			probe "${port[$kind]}" >"$work/golang-$kind.probed"
		done
	fi
done <<'X'
modern false default
intermediate false default
golang-default false default
golang-default true given
old false given
old true default
X

check "a gate without a profile" with_profile
check "AES-128 first there as well" order 9092
check "a gate of old again" with_profile "tls-profile: old"
# old is in force now.
check "old: what is in force begins at TLS 1.0" in_force kafka \
	'."tls-min-version" == "1.0" and ."tls-max-version" == "1.3"'
check "3DES is told as lacking only if this OpenSSL lacks it" in_force rsa \
	"$(lacks 'this OpenSSL has no 3DES') == [$(
		[ -n "$triple_des" ] || echo '"DES-CBC3-SHA"')]"
check "gate show as text" eval \
	'"$ktlsgate" gate show rsa | tr -s " " >"$work/text" &&
	 grep -qx " tls profile old" "$work/text" &&
	 grep -qx " tls versions 1.0 to 1.3" "$work/text"'
[ -n "$triple_des" ] || check "with what is lacking, and why" grep -q \
	"^ lacks DES-CBC3-SHA: this OpenSSL has no 3DES for TLS" "$work/text"

checked() { # checked STATUS SENTENCE [KEY: VALUE...]: --check of a gate says it
	local status=$1 sentence=$2
	shift 2
	config "$@"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	[ $? = "$status" ] && grep -qF -- "$sentence" "$work/checked" ||
		{ cat "$work/checked"; return 1; }
}
silent() { # silent KEY: VALUE...: --check finds nothing
	config "$@"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked" &&
		not grep -q "promises" "$work/checked"
}
promise="promises what clients do not get here:"
check "golang-default without relay is warned of" checked 1 \
	"tls-profile: warning: golang-default $promise ECDHE-ECDSA-AES128-SHA, ECDHE-RSA-AES128-SHA, ECDHE-ECDSA-AES256-SHA, ECDHE-RSA-AES256-SHA (kTLS cannot carry it and relay is false)" \
	"tls-profile: golang-default"
check "and told when it was decided on" checked 0 \
	"tls-profile: info: golang-default $promise" \
	"tls-profile: golang-default" "relay: false"
check "with relay it lacks nothing" silent "tls-profile: golang-default" \
	"relay: true"
for profile in intermediate modern; do
	check "$profile lacks nothing" silent "tls-profile: $profile"
done
check "old without relay lacks TLS 1.0" checked 0 \
	"info: old $promise TLS 1.0, TLS 1.1, ECDHE-ECDSA-AES128-SHA256" \
	"tls-profile: old" "relay: false"
[ -n "$triple_des" ] || check "old names 3DES" checked 0 \
	"info: old $promise DES-CBC3-SHA (this OpenSSL has no 3DES for TLS" \
	"tls-profile: old"
check "--json has names and reasons" eval \
	'config "tls-profile: golang-default"
	 "$ktlsgated" --check "$work/gates.yaml" --json |
	 jq -e ".gates[0].lacks | length == 4 and all(.[]; .name and
		(.reason | startswith(\"kTLS cannot carry it\")))"'
# Level 0 is of old alone: in one helper a gate signs with SHA-1, and the other
# does not.
level() {
	config "client-auth: none" "tls-profile: old" \
		"certificate: $work/server-rsa.crt" \
		"private-key: $work/server-rsa.key"
	gate_yaml "name: other" "port: ${port[rsa]}" "client-auth: none" \
		"certificate: $work/server-rsa.crt" "tls-profile: intermediate" \
		"private-key: $work/server-rsa.key" >>"$work/gates.yaml"
	reload
}
sha1() { # sha1 PORT: a client of TLS 1.2 that knows no other signature
	openssl s_client -connect "127.0.0.1:$1" -tls1_2 -sigalgs RSA+SHA1 \
		-cipher ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0 </dev/null 2>&1 |
		tee "$work/sha1" | grep "Peer signing digest: SHA1"
}
check "a gate of old beside one of intermediate" level
check "old signs with SHA-1" sha1 9092
check "intermediate does not" not sha1 "${port[rsa]}"

# A client's certificate is not judged at level 0.
weak_client() { # weak_client NAME DIGEST BITS: a certificate of the CA
	openssl req -newkey "rsa:$3" -nodes -keyout "$work/$1.key" \
		-out "$work/$1.csr" -subj "/CN=$1" 2>/dev/null &&
	openssl x509 -req "-$2" -in "$work/$1.csr" -CA "$work/ca.crt" \
		-CAkey "$work/ca.key" -days 30 -out "$work/$1.crt" 2>/dev/null
}
shows() { # shows NAME SENTENCE: the client shows it, and the helper says this
	{ echo hello; wait_for 60 logged "$2"; } |
		openssl s_client -connect 127.0.0.1:9092 -cert "$work/$1.crt" \
		-key "$work/$1.key" -cipher DEFAULT:@SECLEVEL=0 >/dev/null 2>&1
	logged "$2"
}
check "a client's key of 1024 bits" weak_client short sha256 1024
check "a client's certificate signed with SHA-1" weak_client sha-1 sha1 2048
config "tls-profile: intermediate"
check "a gate of intermediate that wants certificates" reload
check "refuses 1024 bits" shows short "has a key that is too weak (RSA, 1024 bits)"
config "tls-profile: old"
check "a gate of old that wants certificates" reload
check "takes 1024 bits" shows short "accepted: CN=short"
check "refuses SHA-1" shows sha-1 "has a signature that is too weak"

# Go is asked itself.
for kind in ecdsa rsa; do
	pair=("$work/server.crt" "$work/server.key")
	[ $kind = ecdsa ] || pair=("$work/server-rsa.crt" "$work/server-rsa.key")
	"$golang" server 127.0.0.1:9444 "${pair[@]}" >"$work/go.out" 2>&1 &
	go_pid=$!
	check "a Go server with its defaults, $kind" wait_for 60 \
		grep -q listening "$work/go.out"
	probe 9444 >"$work/go.probed"
	check "it has an order of its own, as golang-default" order 9444 ours
	kill $go_pid
	wait $go_pid 2>/dev/null
	check "accepts what golang-default with relay accepts" \
		same "$work/go.probed" "$work/golang-$kind.probed"
	table intermediate false $kind >"$work/table"
	check "and that is not what intermediate accepts" \
		not same "$work/go.probed" "$work/table"
done
go_offers() {
	"$golang" hello >"$work/hello.json" &&
		jq -r '.suites[], .groups[], .versions[]' "$work/hello.json" |
		while read -r number; do printf '%04x\n' "$number"; done |
		sort >"$work/offered"
	{
		printf '%s\n' 0303 0304
		for kind in ecdsa rsa; do
			table golang-default true $kind
		done | awk '{ print $NF }'
	} | sort -u >"$work/table"
	same "$work/table" "$work/offered"
}
check "a Go client offers what golang-default has" go_offers

# An OpenSSL that has 3DES gives it, and nothing has to be told to the helper.
weak=$tree/build/guest/openssl-weak
if [ -e "$weak/libssl.so.3" ]; then
	triple_des=000a
	helper_stop
	gates "tls-profile: old"
	check "the helper starts with an OpenSSL that has 3DES" \
		eval 'LD_LIBRARY_PATH=$weak helper_start'
	for kind in ecdsa rsa; do
		check "old, $kind: accepted is the whole table" \
			accepts old true $kind
	done
	check "nothing is lacking then" in_force rsa ".lacks == []"
	check "and --check says nothing" eval 'LD_LIBRARY_PATH=$weak \
		silent "tls-profile: old"'
else
	number=$((number + 1))
	echo "ok $number - an OpenSSL that has 3DES # SKIP it was not built (CI_SHORT): tests/vm/openssl-weak"
fi
