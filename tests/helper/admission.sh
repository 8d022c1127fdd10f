# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Who may pass: lists of principals to allow and to deny.

issue orders /O=ACME/CN=orders ca
issue pay /O=ACME/CN=pay ca
issue star '/O=ACME/CN=*.acme.com' ca
agent agent
config
check "the helper starts without lists" helper_start
with() { client --cert "$work/$1.crt" --key "$work/$1.key"; }
passes() { with "$1" >/dev/null; echoed; }
client_error() { said ".error // \"\" | ascii_downcase | contains(\"$1\")"; }
refuses() { # refuses NAME SENTENCE
	with "$1"
	not echoed && client_error "access denied" &&
		wait_for 60 logged "refused: $2 (alert access_denied sent)"
}
not_listed() { refuses "$1" "principal User:$2 is not in the list of those allowed"; }
now() { # now KEY: VALUE...: these are in force
	config "$@"
	reload
	grep -E 'reloaded|stays in force' "$work/helper.log" | tail -n 1 |
		grep -q reloaded
}

check "everyone authenticated passes" eval 'passes client && passes orders'
check "a list of one" now "allow: ['User:CN=payments,O=ACME']"
check "he passes" passes client
check "nobody else" not_listed orders CN=orders,O=ACME
: >"$work/agent.seen"
check "also nobody whose name is a beginning of his" not_listed pay \
	CN=pay,O=ACME
check "the agent has not seen them" agent_saw_nothing
check "a list with a beginning" now "allow: ['User:CN=pay*', 'User:x']"
check "whoever begins so" eval 'passes client && passes pay'
check "and nobody else, still" not_listed orders CN=orders,O=ACME
check "capitals are other letters" now "allow: ['User:cn=payments,o=acme']"
check "so this is not he" not_listed client CN=payments,O=ACME
check "denied" now "deny: ['User:CN=pay,O=ACME']"
check "is refused" refuses pay \
	"principal User:CN=pay,O=ACME is denied by 'User:CN=pay,O=ACME'"
check "the others pass" eval 'passes client && passes orders'
check "denied and allowed" now "allow: ['User:CN=payments,O=ACME']" \
	"deny: ['User:CN=pay*']"
check "is denied" refuses client \
	"principal User:CN=payments,O=ACME is denied by 'User:CN=pay*'"
check "everyone denied" now "deny: ['User:*']"
check "is everyone" refuses orders \
	"principal User:CN=orders,O=ACME is denied by 'User:*'"
check "a star of the name itself" now "deny: ['User:CN=\\*.acme.com,O=ACME']"
check "is denied by it" refuses star \
	"principal User:CN=*.acme.com,O=ACME is denied by 'User:CN=\*.acme.com,O=ACME'"
check "nobody else" passes orders
check "with any rest behind it" now "allow: ['User:CN=\\*.ac*']"
check "that one passes" passes star
check "and nobody else" not_listed orders CN=orders,O=ACME
check "a backslash and any rest is no star" now "allow: ['User:CN=\\\\*']"
check "so nobody passes" not_listed star 'CN=*.acme.com,O=ACME'
check "one value for a list of one" now "allow: 'User:*'"
check "everyone allowed passes" eval 'passes client && passes orders'
check "the name that a rule gives counts" now "principal-regex: CN=([^,]+)" \
	"allow: ['User:payments']"
check "he passes by it" passes client
check "others are refused by theirs" not_listed orders orders

# Counted by name, through all those reloads.
counted() { # counted PRINCIPAL COUNT
	"$ktlsgate" -j gate show kafka >"$work/shown" && jq -e --arg who "$1" \
		--argjson count "$2" '.[0].refused_principals |
		map(select(.principal == $who)) |
		length == 1 and .[0].count == $count' "$work/shown" ||
		{ cat "$work/shown"; return 1; }
}
check "who was refused is counted" wait_for 60 counted CN=orders,O=ACME 4
check "each by his own name" wait_for 60 counted CN=pay,O=ACME 2
check "also by one that a rule gives" wait_for 60 counted orders 1
check "the most often refused comes first" eval \
	'jq -e ".[0].refused_principals | map(.count) | . == (sort | reverse)" \
	"$work/shown"'
check "nobody is counted as others" jq -e '.[0].refused_others == 0' \
	"$work/shown"
check "gate show -s tells it in text" eval '
	"$ktlsgate" -s gate show kafka >"$work/shown"
	grep -qE "refused principal +4 CN=orders,O=ACME" "$work/shown"'
check "without -s it does not" eval '
	"$ktlsgate" gate show kafka >"$work/shown"
	not grep -q "refused principal" "$work/shown"'

# A session that was made when it was allowed.
check "a session" session 3 out
check "its principal is denied from now on" now "deny: ['User:CN=payments*']"
lines=$(log_lines "is denied by 'User:CN=payments*'")
check "the session is refused, too" not session 3 in
check "by the same rule" eval \
	'[ "$(log_lines "is denied by '"'User:CN=payments*'"'")" -gt $lines ]'

# Without a certificate
check "certificates are asked for only" now "client-auth: requested"
anonymous() { client >/dev/null; echoed; }
check "a client without one passes" anonymous
check "a list" now "client-auth: requested" "allow: ['User:A*', 'User:CN=p*']"
check "with a beginning that is also its name: it is not meant" not anonymous
check "and told so" logged \
	"principal User:ANONYMOUS is not in the list of those allowed"
check "those meant pass" passes client
check "listed by name" now "client-auth: requested" "allow: ['User:ANONYMOUS']"
check "it passes" anonymous
check "and nobody else" not_listed orders CN=orders,O=ACME
check "everyone is it as well" now "client-auth: requested" "allow: 'User:*'"
check "so it passes" anonymous

# SPIFFE
usage=keyUsage=critical,digitalSignature
issue web /CN=x ca $usage subjectAltName=URI:spiffe://acme.com/ns/a/sa/web
issue db /CN=x ca $usage subjectAltName=URI:spiffe://acme.com/ns/b/sa/db
check "SPIFFE IDs in a list" now "spiffe: true" \
	"allow: ['User:spiffe://acme.com/ns/a/*']"
check "one that is meant passes" passes web
check "one that is not is refused" not_listed db \
	spiffe://acme.com/ns/b/sa/db

wrong() { # wrong KEY VALUE SENTENCE
	config "$1: $2"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	[ $? = 2 ] && grep -qE "gates.yaml:[0-9]+: $1: " "$work/checked" &&
		grep -qF "$1: $3" "$work/checked" ||
		{ cat "$work/checked"; return 1; }
}
check "an entry without its type" wrong allow "['CN=payments']" \
	"'CN=payments' must begin with 'User:', as Kafka writes a principal"
check "another type" wrong deny "['Group:admins']" \
	"'Group:admins' must begin with 'User:'"
check "a star elsewhere" wrong deny "['User:CN=*,O=ACME']" \
	"'User:CN=*,O=ACME' has a '*' that is not its last character"
check "nobody" wrong allow "['User:']" "'User:' names nobody"
check "an empty list" wrong allow "[]" "is empty: leave it out"
check "no list" wrong allow "{User: x}" "must be a list of texts"
check "an entry that is no text" wrong allow "[[]]" "must be text, not empty"
