# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Revocation lists: read, refused, in force by themselves, expired.

check "the test of big lists builds" with_helper crl
if [ -x "$work/crl" ]; then
	check "100,000 entries: each is found, nobody else" "$work/crl"
fi

# --- a CA with a database -----------------------------------------------------

# database CA: what `openssl ca` keeps about those that it revoked
database() {
	mkdir -p "$work/db.$1"
	: >"$work/db.$1/index"
	echo 1000 >"$work/db.$1/number"
	cat >"$work/db.$1/cnf" <<-END
		[ca]
		default_ca = this
		[this]
		database = $work/db.$1/index
		crlnumber = $work/db.$1/number
		default_md = sha256
		[delta]
		2.5.29.27 = critical,DER:02:01:01
		[partial]
		issuingDistributionPoint = critical,@users
		[users]
		onlyuser = TRUE
	END
}

with_ca() { # with_ca CA OPTION...
	local ca=$1
	shift
	openssl ca -batch -config "$work/db.$ca/cnf" -cert "$work/$ca.crt" \
		-keyfile "$work/$ca.key" "$@" 2>"$work/ca.err" ||
		{ cat "$work/ca.err"; return 1; }
}

revoke() { # revoke CA NAME REASON
	with_ca "$1" -revoke "$work/$2.crt" -crl_reason "$3"
}

# crl CA FILE [OPTION...]: a list for 30 days, put there in one step
crl() {
	local ca=$1 file=$2
	shift 2
	[ $# -gt 0 ] || set -- -crldays 30
	with_ca "$ca" -gencrl -out "$work/new.crl" "$@" &&
		mv "$work/new.crl" "$file"
}

utc() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

as() { # as NAME [OPTION...]: a client with that certificate
	local name=$1
	shift
	client --cert "$work/$name.crt" --key "$work/$name.key" "$@" >/dev/null
}
passes() { as "$@"; echoed; }
fails() { as "$@"; not echoed; }
client_error() { said ".error // \"\" | ascii_downcase | contains(\"$1\")"; }

database ca
database other-ca
issue lost /CN=lost ca extendedKeyUsage=clientAuth
issue spare /CN=spare ca extendedKeyUsage=clientAuth
issue later /CN=later ca extendedKeyUsage=clientAuth
serial() {
	openssl x509 -in "$work/$1.crt" -noout -serial | cut -d= -f2
}
mkdir "$work/crls"
check "a CRL" eval 'revoke ca lost keyCompromise && crl ca "$work/crls/ca.crl"'

# --- handshakes ---------------------------------------------------------------

agent agent
config "crl: $work/crls/ca.crl"
check "the helper starts with a CRL" helper_start
check "who is not on it passes" mtls_echo
: >"$work/agent.seen"
check "who is on it does not" fails lost
check "the client has the alert" client_error "certificate revoked"
check "the helper tells who, when, why and where it stands" eval \
	'logged "refused: certificate CN=lost (serial $(serial lost)) was revoked on $(date -u +%Y)" &&
	 logged "keyCompromise (CRL of CN=test-ca in $work/crls/ca.crl) (alert certificate_revoked sent)"'
check "with TLS 1.2 neither" fails lost --max 1.2
check "the client has the alert there" client_error "certificate revoked"
check "the agent has seen none of them" agent_saw_nothing

# --- by itself ------------------------------------------------------------------

in_force() { [ "$(log_lines "they are in force")" -gt "$1" ]; }
kept() { [ "$(log_lines "those before stay in force")" -gt "$1" ]; }

check "a client who is to be revoked, with a session" session 3 out later
check "resumes it" eval 'session 3 in later && resumed'
before=$(log_lines "they are in force")
check "it is revoked" eval 'revoke ca later superseded &&
	crl ca "$work/crls/ca.crl"'
check "the new list is in force by itself" wait_for 60 in_force "$before"
check "the session does not pass any more" not session 3 in later
check "since the certificate is revoked" logged \
	"certificate CN=later (serial $(serial later)) was revoked"
check "nor a new one" fails later
check "others pass" mtls_echo

bad() { # bad SENTENCE: what was just put there is refused, the old counts
	local before=${refused_before:-0}
	wait_for 60 kept "$before" && logged "$1" && fails lost && mtls_echo
}
# replaced WITH-WHAT-COMMAND...: the list is replaced by what it prints
replaced() {
	refused_before=$(log_lines "those before stay in force")
	"$@" >"$work/replacement" && cp "$work/crls/ca.crl" "$work/good.crl" &&
		mv "$work/replacement" "$work/crls/ca.crl"
}
restored() {
	local before
	before=$(log_lines "they are in force")
	mv "$work/good.crl" "$work/crls/ca.crl"
	wait_for 60 in_force "$before"
}
check "garbage in its place" replaced echo garbage
check "is refused, the old list stays in force" bad \
	"crl: $work/crls/ca.crl holds no CRL in PEM or DER form, or a damaged one"
check "the good one again" restored
crl other-ca "$work/other.crl"
check "a list of another CA in its place" replaced cat "$work/other.crl"
check "is refused by the name of its issuer" bad \
	"$work/crls/ca.crl: the CRL of CN=other-ca is of another issuer"
check "the good one again" restored

# --- what else is refused -----------------------------------------------------

refused_list() { # refused_list FILE SENTENCE
	config "crl: $1"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked" 2>&1
	[ $? = 2 ] && grep -qF "crl: $2" "$work/checked" ||
		{ cat "$work/checked"; return 1; }
}
: >"$work/empty.crl"
check "an empty file" refused_list "$work/empty.crl" "$work/empty.crl is empty"
head -n 4 "$work/crls/ca.crl" >"$work/cut.crl"
check "half a list" refused_list "$work/cut.crl" "$work/cut.crl holds no CRL"
check "no file" refused_list /nowhere/ca.crl "cannot read /nowhere/ca.crl"
mkdir "$work/nothing"
check "an empty folder" refused_list "$work/nothing" "$work/nothing holds no CRL"
check "a relative path" refused_list ca.crl "'ca.crl' is not an absolute path"
cp "$work/other-ca.key" "$work/false-ca.key"
openssl req -x509 -key "$work/false-ca.key" -subj /CN=test-ca \
	-out "$work/false-ca.crt" -addext keyUsage=cRLSign 2>/dev/null
database false-ca
crl false-ca "$work/false.crl"
check "a list that the CA of this name did not sign" refused_list \
	"$work/false.crl" "$work/false.crl: the CRL of CN=test-ca has a bad signature"
crl ca "$work/delta.crl" -crldays 1 -crlexts delta
check "a delta CRL" refused_list "$work/delta.crl" \
	"$work/delta.crl: the CRL of CN=test-ca is a delta CRL"
crl ca "$work/partial.crl" -crldays 1 -crlexts partial
check "a list for some certificates only" refused_list "$work/partial.crl" \
	"$work/partial.crl: the CRL of CN=test-ca is limited to some certificates"
crl ca "$work/future.crl" -crl_lastupdate "$(utc '+2 days')" \
	-crl_nextupdate "$(utc '+3 days')"
check "a list of the future" refused_list "$work/future.crl" \
	"$work/future.crl: the CRL of CN=test-ca is not valid before"
no_client() {
	config "crl: $work/crls" "client-auth: none"
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked"
	grep -qF "crl: needs client-auth: required or requested" "$work/checked"
}
check "a list without clients' certificates" no_client

# --- dates ----------------------------------------------------------------------

warned() { # warned CODE SENTENCE
	"$ktlsgated" --check "$work/gates.yaml" >"$work/checked" 2>&1
	[ $? = "$1" ] && grep -qF -- "$2" "$work/checked" ||
		{ cat "$work/checked"; return 1; }
}
config "crl: $work/crls"
check "--check shows a list" warned 0 "CRL of CN=test-ca, "
crl ca "$work/soon.crl" -crl_lastupdate "$(utc '-29 days')" \
	-crl_nextupdate "$(utc '+1 day')"
config "crl: $work/soon.crl"
check "--check warns of one that ends soon" warned 1 \
	"warning: $work/soon.crl: the CRL of CN=test-ca ends on "
crl ca "$work/old.crl" -crl_lastupdate 20200101000000Z \
	-crl_nextupdate 20200201000000Z
config "crl: $work/old.crl"
check "--check refuses an expired one" warned 2 \
	"crl: $work/old.crl: the CRL of CN=test-ca expired on 2020-02-01T00:00:00Z: certificates of this issuer are refused"
config "crl: $work/old.crl" "crl-expired: accept"
check "and warns of it where that is wanted" warned 1 \
	"the CRL of CN=test-ca expired on 2020-02-01T00:00:00Z: it is used nevertheless (crl-expired)"
cat "$work/ca.crt" "$work/other-ca.crt" >"$work/both.crt"
config "crl: $work/crls" "client-ca: $work/both.crt"
check "--check warns of a CA without a list" warned 1 \
	"warning: no CRL of CN=other-ca: what this CA issued is refused"
check "the helper with that" reload
check "who is of the CA without a list does not pass" fails stranger
check "and why" logged \
	"certificate CN=stranger (serial $(serial stranger)) cannot be checked: no CRL of its issuer CN=other-ca (alert certificate_unknown sent)"
before=$(log_lines "they are in force")
check "its list comes into the folder" crl other-ca "$work/crls/other.crl"
check "it is in force by itself" wait_for 60 in_force "$before"
check "who is of that CA passes" passes stranger
check "and of the first one" mtls_echo

# An old copy beside the newest: the newest counts.
cp "$work/old.crl" "$work/crls/zz.crl"
check "an old copy does no harm" wait_for 60 in_force "$((before + 1))"
check "who is on the newest only does not pass" fails later
rm "$work/crls/zz.crl"

config "crl: $work/old.crl" "crl-expired: accept"
check "an expired list where that is accepted" reload
check "lets pass who is not on it" mtls_echo
check "and nobody else" fails lost
helper_stop
config "crl: $work/old.crl"
check "the helper starts with an expired one" helper_start
check "but nobody of its issuer passes" fails spare
check "and why" logged \
	"certificate CN=spare (serial $(serial spare)) cannot be checked: the CRL of CN=test-ca in $work/old.crl expired on 2020-02-01T00:00:00Z (alert certificate_unknown sent)"
cp "$work/later.crt" "$work/later.was"
cp "$work/spare.crt" "$work/later.crt"
cp "$work/spare.key" "$work/later.key"
check "a list that ends soon" crl ca "$work/short.crl" \
	-crl_lastupdate "$(utc now)" -crl_nextupdate "$(utc '+40 seconds')"
config "crl: $work/short.crl"
check "in force" reload
check "a session meanwhile" session 3 out later
check "the log warns before it ends" wait_for 60 logged \
	"the CRL of CN=test-ca in $work/short.crl ends on "
check "and says when it has ended" wait_for 60 logged \
	"gate kafka: the CRL of CN=test-ca in $work/short.crl expired on "
check "the session does not pass any more" not session 3 in later
check "for that reason" logged \
	"cannot be checked: the CRL of CN=test-ca in $work/short.crl expired on "

# --- other forms, and CAs in between -----------------------------------------------

openssl crl -in "$work/crls/ca.crl" -outform DER -out "$work/der.crl"
config "crl: [$work/der.crl]"
check "a list in DER form" reload
check "is asked" eval 'fails lost && mtls_echo'
cat "$work/crls/other.crl" "$work/crls/ca.crl" >"$work/two.crl"
config "crl: $work/two.crl" "client-ca: $work/both.crt"
check "two lists in one file" reload
check "are asked" eval 'fails lost && mtls_echo && passes stranger'

issue between /CN=between ca basicConstraints=critical,CA:TRUE \
	keyUsage=critical,keyCertSign,cRLSign
issue below /CN=below between extendedKeyUsage=clientAuth
issue below-lost /CN=below-lost between extendedKeyUsage=clientAuth
for name in below below-lost; do
	cat "$work/between.crt" >>"$work/$name.crt"
done
database between
mkdir "$work/chain"
crl ca "$work/chain/ca.crl"
config "crl: $work/chain"
check "the lists of the root alone" reload
check "a client of an intermediate CA does not pass" fails below
check "and why" logged "cannot be checked: no CRL of its issuer CN=between"
revoke between below-lost affiliationChanged
crl between "$work/chain/between.crl"
check "the intermediate CA's list alone" refused_list "$work/chain" \
	"$work/chain/between.crl: the CRL of CN=between is of another issuer"
cp "$work/between.crt" "$work/chain/between.pem"
config "crl: $work/chain"
check "its certificate beside it" reload
check "the client passes" passes below
check "one on that list does not" fails below-lost
check "and is named" logged "certificate CN=below-lost "
before=$(log_lines "they are in force")
check "the intermediate CA itself is revoked" eval \
	'revoke ca between cACompromise && crl ca "$work/chain/ca.crl"'
check "that is in force by itself" wait_for 60 in_force "$before"
check "nobody below it passes" fails below
check "and the CA is named" logged \
	"certificate CN=between (serial $(serial between)) was revoked on"
check "others pass" mtls_echo
cat "$work/ca.crt" "$work/between.crt" >"$work/trusted.crt"
config "crl: $work/chain" "client-ca: $work/trusted.crt"
check "the intermediate CA trusted by itself" reload
check "is revoked all the same" fails below
cp "$work/chain/between.crl" "$work/between.crl"
config "crl: $work/between.crl" "client-ca: $work/between.crt"
check "trusted alone, it needs no list of the root" reload
check "its clients pass" passes below
check "but for those on its own list" fails below-lost
check "helper is alive" kill -0 "$helper_pid"
