# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of the helper share: TAP, waiting for a condition, a helper
# with a configuration of the test's own, the agent and the clients.

helper_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$helper_dir/../.." && pwd)
ktlsgated=${KTLSGATED:-$tree/build/guest/userspace/ktlsgated}
ktlsgate=${KTLSGATE:-$tree/build/guest/tools/ktlsgate}
work=$(mktemp -d)
number=0
failed=0
helper_pid=
agents=()
exec {never}<> <(:)		# nobody writes to it: a clock to wait by

# check DESCRIPTION COMMAND...: one line of TAP, what was said if it failed.
check() {
	local description=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/said" 2>&1; then
		echo "ok $number - $description"
		return 0
	fi
	failed=$((failed + 1))
	# Before the result, as the harness in C has it: where that ends, so does
	# what the runner tells of it.
	echo "# failed: $*"
	sed 's/^/#   /' "$work/said"
	[ ! -s "$work/helper.log" ] || tail -n 15 "$work/helper.log" |
		sed 's/^/# helper: /'
	echo "not ok $number - $description"
	return 1
}

not() { ! "$@"; }

# wait_for SECONDS COMMAND...: until it succeeds, which is tried again and
# again; the time is only how long a failure takes to be one.
wait_for() {
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || { echo "not within its time: $*"; return 1; }
		read -rt 0.05 -u "$never" || :
	done
}

finish() {
	helper_stop
	agents_stop
	"$ktlsgated" --detach >/dev/null 2>&1
	rm -rf "$work"
	echo "1..$number"
	[ $failed = 0 ]
}

# with_helper NAME: $work/NAME of NAME.c and all of the helper but its main().
with_helper() {
	local objects source
	objects=$(dirname "$ktlsgated")
	# Not what lies there of files that are gone.
	# shellcheck disable=SC2046 # words
	set -- "$1" $(for source in "$tree"/userspace/*.c; do
		[ "${source##*/}" = main.c ] ||
			echo "$objects/$(basename "$source" .c).o"; done)
	# shellcheck disable=SC2046 # words
	cc -D_GNU_SOURCE -O1 -I"$tree/kmod/uapi" -I"$tree/userspace" \
		-o "$work/$1" "$helper_dir/$1.c" "${@:2}" \
		$(pkg-config --cflags --libs openssl libnl-3.0 \
			libnl-genl-3.0 libbpf yaml-0.1 json-c libsystemd \
			libpcre2-8) -lpthread
}

# --- certificates -----------------------------------------------------------

# issue NAME SUBJECT CA [EXTENSION...]: $work/NAME.{crt,key} signed by CA.
issue() {
	local name=$1 subject=$2 ca=$3 algorithm=${ALGORITHM:-ec}
	local new=(-newkey ec -pkeyopt ec_paramgen_curve:P-256) extension
	shift 3
	case $algorithm in
	rsa) new=(-newkey rsa:2048) ;;
	ed25519) new=(-newkey ed25519) ;;
	esac
	: >"$work/ext"
	for extension; do echo "$extension" >>"$work/ext"; done
	openssl req "${new[@]}" -nodes -utf8 -keyout "$work/$name.key" \
		-out "$work/$name.csr" -subj "$subject" -multivalue-rdn \
		2>/dev/null &&
	openssl x509 -req -in "$work/$name.csr" -CA "$work/$ca.crt" \
		-CAkey "$work/$ca.key" -days "${DAYS:-30}" \
		-extfile "$work/ext" -out "$work/$name.crt" 2>/dev/null
	chmod 600 "$work/$name.key"
}

authority() { # authority NAME SUBJECT
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/$1.key" -out "$work/$1.crt" -subj "$2" -days 60 \
		-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	chmod 600 "$work/$1.key"
}

certificates() {
	authority ca /CN=test-ca
	authority other-ca /CN=other-ca
	issue server /CN=localhost ca subjectAltName=DNS:localhost,IP:127.0.0.1
	issue client /O=ACME/CN=payments ca extendedKeyUsage=clientAuth
	issue stranger /CN=stranger other-ca extendedKeyUsage=clientAuth
	issue wrong-use /CN=wrong-use ca extendedKeyUsage=serverAuth
	# Valid for one day that is long over.
	openssl x509 -req -in "$work/client.csr" -CA "$work/ca.crt" \
		-CAkey "$work/ca.key" -not_before 20200101000000Z \
		-not_after 20200102000000Z -out "$work/expired.crt" 2>/dev/null
	cp "$work/client.key" "$work/expired.key"
}

# --- the helper -------------------------------------------------------------

# config [KEY: VALUE...] writes $work/gates.yaml with one gate; a value given
# replaces the default. More gates can be appended to the file.
config() {
	local line key
	declare -A seen=()
	{
		echo "log-level: debug"
		[ -z "${WORKERS:-}" ] || echo "workers: $WORKERS"
		echo "gates:"
		gate_yaml "$@"
	} >"$work/gates.yaml"
}

gate_yaml() {
	local -A value=(
		[name]=kafka [port]=9092
		[certificate]=$work/server.crt [private-key]=$work/server.key
		[client-ca]=$work/ca.crt
	)
	local pair key
	for pair; do value[${pair%%: *}]=${pair#*: }; done
	echo "  - name: ${value[name]}"
	for key in "${!value[@]}"; do
		[ "$key" = name ] || echo "    $key: ${value[$key]}"
	done
}

logged() { grep -qF -- "$1" "$work/helper.log"; }

log_lines() { grep -cF -- "$1" "$work/helper.log"; }

helper_start() {
	: >"$work/helper.log"
	"$ktlsgated" -c "$work/gates.yaml" 2>>"$work/helper.log" &
	helper_pid=$!
	wait_for 60 logged "serving" || { cat "$work/helper.log"; return 1; }
}

helper_stop() {
	[ -n "$helper_pid" ] || return 0
	kill "$helper_pid" 2>/dev/null
	wait "$helper_pid" 2>/dev/null
	ended_with=$?
	helper_pid=
	[ $ended_with = 0 ] || echo "the helper ended with $ended_with"
	[ $ended_with = 0 ]
}

helper_kill() {
	kill -9 "$helper_pid"
	wait "$helper_pid" 2>/dev/null
	helper_pid=
}

# unit_install [KEY: VALUE...]: the systemd unit as it is installed, with one gate.
# The tree's module is not in /lib/modules: it is loaded already.
unit_install() {
	"$ktlsgated" --detach >/dev/null 2>&1
	install -m 755 "$ktlsgated" /usr/sbin/ktlsgated
	install -m 644 "$tree/userspace/systemd/ktlsgated.service" \
		/etc/systemd/system/
	mkdir -p /etc/systemd/system/ktlsgated.service.d /etc/ktlsgate
	config "$@"
	sed -i "s|$work|/etc/ktlsgate|" "$work/gates.yaml"
	cp "$work"/{server.crt,server.key,ca.crt} /etc/ktlsgate/
	cp "$work/gates.yaml" /etc/ktlsgate/ktlsgated.yaml
	systemctl daemon-reload
}
unit_remove() {
	systemctl stop ktlsgated
	rm -rf /etc/systemd/system/ktlsgated.service* /etc/ktlsgate
	systemctl daemon-reload
}

# Sends SIGHUP and waits for the word about it.
reload() {
	local before after
	before=$(grep -cE 'reloaded|stays in force' "$work/helper.log")
	kill -HUP "$helper_pid"
	reloaded() {
		after=$(grep -cE 'reloaded|stays in force' "$work/helper.log")
		[ "$after" -gt "$before" ]
	}
	wait_for 60 reloaded
}

restart_with() {
	helper_stop
	config "$@"
	helper_start
}

# checked CODE SENTENCE...: --check of gates.yaml ends with CODE and says these
checked() {
	local code=$1 sentence status
	shift
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked" 2>&1
	status=$?
	cat "$work/checked"
	[ $status = "$code" ] || { echo "ended with $status"; return 1; }
	for sentence; do
		grep -qF -- "$sentence" "$work/checked" ||
			{ echo "does not say: $sentence"; return 1; }
	done
}

# --- agent and clients ------------------------------------------------------

# agent NAME [OPTION...]: see agent.py. What it saw is in $work/NAME.seen.
agent() {
	local name=$1
	shift
	: >"$work/$name.seen"
	"${IN_NETNS[@]}" python3 "$helper_dir/agent.py" "$@" \
		>>"$work/$name.seen" 2>&1 &
	agents+=($!)
	wait_for 60 grep -q listening "$work/$name.seen"
}

agents_stop() {
	[ ${#agents[@]} -gt 0 ] || return 0
	kill "${agents[@]}" 2>/dev/null
	wait "${agents[@]}" 2>/dev/null
	agents=()
}

IN_NETNS=()

# client [OPTION...]: see client.py; its JSON is in $work/client.json, or in
# that of another name in OUT.
client() {
	local out=$work/${OUT:-client}
	"${IN_NETNS[@]}" timeout 600 python3 "$helper_dir/client.py" \
		--ca "$work/ca.crt" "$@" >"$out.json" 2>"$out.err"
	cat "$out.json" "$out.err"
}

mtls() { client --cert "$work/client.crt" --key "$work/client.key" "$@"; }

# session VERSION out|in [NAME]: openssl's client with the certificate NAME keeps
# its session of TLS 1.VERSION, or comes back with it. s_client may print what it
# reads into the middle of what it tells of the session.
session_options=()
session() {
	local version=$1 way=$2 name=${3:-client} out=$work/session.out
	: >"$out"
	{ echo hello gate; wait_for 60 grep -qE 'hello gate|lert' "$out"; } |
		timeout 60 openssl s_client -connect 127.0.0.1:9092 \
		-CAfile "$work/ca.crt" -cert "$work/$name.crt" \
		-key "$work/$name.key" -nocommands "-tls1_$version" \
		"${session_options[@]}" \
		"-sess_$way" "$work/session.$version" >"$out" 2>&1
	cat "$out"
	grep -q 'hello gate' "$out"
}
resumed() { grep -q '^Reused, TLS' "$work/session.out"; }

# said CONDITION: a jq condition on what the client said.
said() { jq -e "$1" "$work/client.json" >/dev/null || { cat "$work/client.json"; return 1; }; }

echoed() { said '.echo == true'; }

mtls_echo() { mtls "$@" >/dev/null; echoed; }

agent_saw_nothing() { # since the file was emptied
	not grep -q accepted "$work/${1:-agent}.seen"
}
