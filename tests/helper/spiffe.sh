# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# SPIFFE: which IDs are valid, which certificates are X.509-SVIDs, by which CAs
# they verify, and who passes a gate that is for one workload.

build() {
	cc -D_GNU_SOURCE -o "$work/spiffe" "$helper_dir/spiffe.c" \
		"$tree"/userspace/{spiffe,mem,log}.c -lsystemd
}
check "the reader of IDs builds" build
compare_ids() {
	python3 "$helper_dir/ids.py" >"$work/ids"
	cut -f 2 "$work/ids" | "$work/spiffe" >"$work/ours"
	paste "$work/ours" "$work/ids" | awk -F '\t' '
		{ said = $1; sub(/:.*/, "", said); seen[said]++ }
		said != $2 { print "ours", $1, "expected", $2, $3; bad++ }
		END {
			print seen["valid"], "valid,", seen["invalid"], "not"
			exit bad > 0 || seen["valid"] < 15 ||
				seen["invalid"] < 45
		}'
}
check "IDs are valid or not as the specification says" compare_ids

# svid NAME CA URI [EXTENSION...]: what is given after the URI comes instead.
svid() {
	local name=$1 ca=$2 uri=$3
	shift 3
	[ $# -gt 0 ] || set -- keyUsage=critical,digitalSignature \
		basicConstraints=critical,CA:FALSE \
		extendedKeyUsage=serverAuth,clientAuth
	[ -z "$uri" ] || set -- "$@" "subjectAltName=$uri"
	issue "$name" "${SUBJECT-/C=US/O=SPIRE}" "$ca" "$@"
}
payments=spiffe://acme.com/ns/prod/sa/payments
usage=keyUsage=critical,digitalSignature
authority acme-ca /O=ACME/CN=root
authority other-root /O=Other/CN=root
svid payments acme-ca "URI:$payments,DNS:payments.acme.com"

agent agent --library "$tree/build/guest/userspace/libktlsgate.so.0"
bundles="{acme.com: $work/acme-ca.crt, other.org: $work/other-root.crt}"
spiffe() { # spiffe [KEY: VALUE...]: a configuration with both bundles
	config "spiffe: true" "spiffe-bundles: $bundles" "$@"
	sed -i '/ client-ca:/d' "$work/gates.yaml"
}
spiffe
check "the helper starts with bundles" helper_start
with() { client --cert "$work/$1.crt" --key "$work/$1.key"; }
passes() { with "$1" >/dev/null; echoed; }

check "an SVID passes" passes payments
check "the agent sees its ID as principal" grep -qx "principal $payments" \
	"$work/agent.seen"
check "and as SPIFFE ID" grep -qx "spiffe_id $payments" "$work/agent.seen"
check "and its subject" grep -qx "subject O=SPIRE,C=US" "$work/agent.seen"

client_error() { said ".error // \"\" | ascii_downcase | contains(\"$1\")"; }
# refuses NAME SENTENCE ALERT: the helper says so, the client has the alert
refuses() {
	local alert=$3
	with "$1"
	not echoed && client_error "${alert//_/ }" &&
		wait_for 60 logged "refused: $2 (alert $alert sent)"
}
# not_svid DESCRIPTION WHAT URI [EXTENSION...]
not_svid() {
	local description=$1 what=$2
	shift 2
	wrong_svid() {
		svid wrong acme-ca "$@" &&
			refuses wrong "certificate ${CALLED-O=SPIRE,C=US} is no X.509-SVID: $what" bad_certificate
	}
	check "$description: refused" wrong_svid "$@"
}
not_svid "no subjectAltName" "it has no subjectAltName" ""
not_svid "no URI" "it has no URI in its subjectAltName" DNS:payments.acme.com
not_svid "two URIs" "it has 2 URIs in its subjectAltName, where one is allowed" \
	"URI:$payments,URI:spiffe://acme.com/b"
not_svid "another scheme" "its URI https://acme.com/x is not valid: it does not begin with spiffe://" \
	URI:https://acme.com/x
not_svid "capitals in the trust domain" "its URI spiffe://ACME.com/x is not valid: the trust domain has 'A' in it: only lowercase letters, digits, '.', '-' and '_' are allowed" \
	URI:spiffe://ACME.com/x
not_svid "a path that climbs" "its URI spiffe://acme.com/a/../b is not valid: the path has a segment '..'" \
	URI:spiffe://acme.com/a/../b
not_svid "a NUL in the path" "its URI spiffe://a.b/\x00 is not valid: the path has byte 0x00 in it: only letters, digits, '.', '-' and '_' are allowed" \
	DER:30:10:86:0e:73:70:69:66:66:65:3a:2f:2f:61:2e:62:2f:00
not_svid "no path" "its URI spiffe://acme.com is not valid: it has no path, so it names a trust domain and no workload" \
	URI:spiffe://acme.com
not_svid "a CA" "it is a CA's (basicConstraints)" "URI:$payments" \
	basicConstraints=critical,CA:TRUE $usage
not_svid "no keyUsage" "it has no keyUsage" "URI:$payments" \
	basicConstraints=CA:FALSE
not_svid "keyUsage not critical" "its keyUsage is not critical" \
	"URI:$payments" keyUsage=digitalSignature
not_svid "keyCertSign" "its keyUsage has keyCertSign, which is a CA's" \
	"URI:$payments" $usage,keyCertSign
not_svid "cRLSign" "its keyUsage has cRLSign, which is a CA's" \
	"URI:$payments" $usage,cRLSign
not_svid "no digitalSignature" "its keyUsage lacks digitalSignature" \
	"URI:$payments" keyUsage=critical,keyAgreement
not_svid "for clients alone" "its extendedKeyUsage lacks serverAuth" \
	"URI:$payments" $usage extendedKeyUsage=clientAuth
SUBJECT=/ CALLED="without a subject" \
	not_svid "no subject, names not critical" "it has no subject, and a subjectAltName that is not critical" \
	"URI:$payments" $usage
SUBJECT=/ svid nameless acme-ca "critical,URI:$payments" $usage
check "no subject, but critical names: passes" passes nameless
svid bare acme-ca "URI:$payments" $usage
check "without extendedKeyUsage: passes" passes bare

# --- whose CA ---------------------------------------------------------------

svid forged other-root "URI:$payments"
check "an ID of one domain from the CA of another: refused" refuses forged \
	"issuer CN=root,O=Other is not trusted (certificate O=SPIRE,C=US)" \
	unknown_ca
svid other other-root URI:spiffe://other.org/web
check "from its own: passes" passes other
svid foreign acme-ca URI:spiffe://unknown.net/web
check "a trust domain without a bundle: refused" refuses foreign \
	"there is no bundle for the trust domain of spiffe://unknown.net/web" \
	unknown_ca
offered() { # the names of CAs that the gate sends
	openssl s_client -connect 127.0.0.1:9092 </dev/null 2>/dev/null |
		sed -n '/^Acceptable client/,/^Requested/p' >"$work/offered"
	cat "$work/offered"
	grep -q 'O *= *ACME' "$work/offered" &&
		grep -q 'O *= *Other' "$work/offered"
}
check "clients are told the CAs of all bundles" offered

middle() { # middle URI: an intermediate CA with it, and a leaf below
	issue middle /CN=middle acme-ca basicConstraints=critical,CA:TRUE \
		keyUsage=critical,keyCertSign "subjectAltName=$1"
	svid below middle "URI:$payments"
	cat "$work/middle.crt" >>"$work/below.crt"
}
middle URI:spiffe://acme.com
check "an intermediate CA with the ID of its trust domain: passes" passes below
middle URI:spiffe://acme.com/ca
check "one with the ID of a workload: refused" refuses below \
	"signing certificate CN=middle is no X.509-SVID: its URI spiffe://acme.com/ca has a path, as only a workload's has" \
	bad_certificate

# A CRL is believed when a CA of the bundles signed it.
lists() { # lists SERIAL: those of both CAs, with this one revoked
	local ca
	mkdir -p "$work/crls"
	printf '[this]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\n[ca]\ndefault_ca=this\n' \
		"$work/db" "$work/db.number" >"$work/db.cnf"
	for ca in acme-ca other-root; do
		: >"$work/db"
		echo 01 >"$work/db.number"
		[ $ca != acme-ca ] || printf 'R\t390101000000Z\t260101000000Z\t%s\tunknown\t/CN=x\n' \
			"$1" >"$work/db"
		openssl ca -batch -config "$work/db.cnf" -gencrl -crldays 30 \
			-cert "$work/$ca.crt" -keyfile "$work/$ca.key" \
			-out "$work/crls/$ca.crl" 2>/dev/null || return 1
	done
}
svid revoked acme-ca "URI:$payments"
check "lists of the bundles' CAs" lists \
	"$(openssl x509 -in "$work/revoked.crt" -noout -serial | cut -d= -f2)"
spiffe "crl: $work/crls"
check "a gate with them" reload
check "an SVID that is on none passes" passes payments
check "a revoked one does not" not passes revoked
check "and the client is told" client_error "certificate revoked"
check "the helper tells since when" wait_for 60 logged \
	"was revoked on 2026-01-01T00:00:00Z"
spiffe
check "and without lists again" reload

# A session is resumed under the same bundles only.
svid ok acme-ca "URI:$payments"
check "a session with an SVID" session 3 out ok
: >"$work/agent.seen"
check "again" eval 'session 3 in ok && resumed'
check "is resumed with the ID" grep -qx "spiffe_id $payments" \
	"$work/agent.seen"

# A bundle is replaced: in force by itself.
authority acme-new /O=ACME/CN=new-root
svid renewed acme-new "URI:$payments"
check "a CA that is not in the bundle: refused" refuses renewed \
	"issuer CN=new-root,O=ACME is not trusted (certificate O=SPIRE,C=US)" \
	unknown_ca
cp "$work/acme-ca.crt" "$work/acme-old.crt"
cat "$work/acme-new.crt" >>"$work/acme-ca.crt"
check "once it is, it passes without a reload" wait_for 60 passes renewed
check "a session of before" session 3 in ok
check "is not resumed then" not resumed
echo damaged >"$work/acme-ca.crt"
check "a damaged bundle" wait_for 60 logged \
	"spiffe-bundles: $work/acme-ca.crt holds no certificate in PEM form"
check "changes nothing" passes renewed
cp "$work/acme-old.crt" "$work/acme-ca.crt"
check "the bundle of before" wait_for 60 eval \
	'with renewed >/dev/null; not echoed'

# --- a gate for one workload ------------------------------------------------

spiffe "spiffe-trust-domain: acme.com"
check "a gate for one trust domain" reload
check "its workloads pass" passes payments
check "those of another do not" refuses other \
	"spiffe://other.org/web is not in trust domain acme.com, which the gate is for" \
	access_denied
spiffe "spiffe-trust-domain: acme.com" \
	"spiffe-workload-id: /ns/prod/sa/payments"
check "a gate for one workload" reload
check "it passes" passes payments
svid orders acme-ca "URI:$payments-2"
check "another does not" refuses orders \
	"$payments-2 is not workload /ns/prod/sa/payments, which the gate is for" \
	access_denied
spiffe "spiffe-trust-domain: acme.com" "client-auth: requested"
check "a gate that asks only" reload
check "is still for those with an ID" eval 'client >/dev/null; not echoed'
check "and says so" logged \
	"refused: the client has no SPIFFE ID, and the gate is for one only (alert access_denied sent)"

config "spiffe: true" "client-ca: $work/acme-ca.crt"
check "one CA for all trust domains" reload
check "vouches for any" passes foreign
check "with a valid SVID" refuses client \
	"certificate CN=payments,O=ACME is no X.509-SVID: it has no subjectAltName" \
	bad_certificate

# --- the configuration ------------------------------------------------------

says() { # says KEY SENTENCE: --check of the file refuses it, with its line
	local line
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	[ $? = 2 ] || { cat "$work/checked"; return 1; }
	line=$(grep -n "^ *-\? *$1:" "$work/gates.yaml" | head -n 1)
	cat "$work/checked"
	grep -qF "gates.yaml:${line%%:*}: $1: $2" "$work/checked"
}
wrong() { # wrong KEY VALUE SENTENCE [KEY: VALUE...]
	local key=$1 value=$2 sentence=$3
	shift 3
	spiffe "$key: $value" "$@"
	says "$key" "$sentence"
}
check "a trust domain that is none" wrong spiffe-trust-domain Acme.com \
	"'Acme.com' is not valid: the trust domain has 'A' in it"
check "one that has no bundle" wrong spiffe-trust-domain acme.org \
	"'acme.org' has no bundle in spiffe-bundles"
check "a workload that is no path" wrong spiffe-workload-id ns/x \
	"'ns/x' is not valid: a path begins with '/'"
check "a bundle for no trust domain" wrong spiffe-bundles \
	"{spiffe://acme.com: $work/acme-ca.crt}" \
	"'spiffe://acme.com' is not valid: the trust domain has ':' in it"
check "two bundles for one" wrong spiffe-bundles \
	"{acme.com: $work/ca.crt, acme.com: $work/ca.crt}" \
	"'acme.com' is given twice"
check "a bundle with a relative path" wrong spiffe-bundles \
	"{acme.com: ca.crt}" "'ca.crt' is not an absolute path"
check "no bundle" wrong spiffe-bundles "{}" "names no trust domain"
check "a bundle that is not there" wrong spiffe-bundles \
	"{acme.com: /nowhere}" "acme.com: cannot read /nowhere: No such file"
check "a bundle that holds none" wrong spiffe-bundles \
	"{acme.com: $work/ids}" "$work/ids holds no certificate in PEM form"
check "bundles that are a list" wrong spiffe-bundles "[acme.com]" \
	"must be a mapping of trust domains to files"
check "mapping rules together with it" wrong principal-regex "CN=(.*)" \
	"not together with spiffe: the SPIFFE ID is the principal"
check "no client certificates" wrong spiffe true \
	"needs client-auth: required or requested" "client-auth: none"
check "bundles and a CA for all" eval '
	config "spiffe: true" "spiffe-bundles: $bundles"
	says client-ca "not together with spiffe-bundles"'
check "neither of them" eval '
	config "spiffe: true"
	sed -i "/ client-ca:/d" "$work/gates.yaml"
	says spiffe "needs spiffe-bundles, or client-ca"'
check "a pin without spiffe" eval '
	config "spiffe-trust-domain: acme.com"
	says spiffe-trust-domain "only with spiffe: true"'
told() {
	spiffe "spiffe-trust-domain: acme.com" "spiffe-workload-id: /ns/a"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	cat "$work/checked"
	grep -qF "client certificate required, SPIFFE ID of acme.com/ns/a, trusted: acme.com by $work/acme-ca.crt; other.org by $work/other-root.crt" \
		"$work/checked" && "$ktlsgated" --check \
		"$work/gates.yaml" --json | jq -e '.gates[0].spiffe |
		."trust-domain" == "acme.com" and ."workload-id" == "/ns/a" and
		(.bundles | keys) == ["acme.com", "other.org"]'
}
check "--check tells whom the gate is for" told
ending() {
	DAYS=3 issue ends /CN=ends acme-ca basicConstraints=critical,CA:TRUE
	spiffe "spiffe-bundles: {acme.com: $work/ends.crt}"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	[ $? = 1 ] && grep -q "spiffe-bundles: warning: certificate CN=ends ends in" \
		"$work/checked"
}
check "a bundle that ends soon is warned of" ending
