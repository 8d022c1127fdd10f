# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What each TLS profile promises, in IANA's numbers: written from the tables of
# WarpStream, Mozilla and Go, not from profile.c.

# By key exchange and certificate: ECDHE-ECDSA, ECDHE-RSA, RSA.
declare -A gcm_chacha=([ecdsa]="c02b c02c cca9" [rsa]="c02f c030 cca8")
declare -A cbc_sha=([ecdsa]="c009 c00a" [rsa]="c013 c014")
declare -A cbc_sha256=([ecdsa]="c023" [rsa]="c027")
rsa_gcm="009c 009d" rsa_cbc_sha="002f 0035" rsa_cbc_sha256="003c"
triple_des=000a
openssl ciphers -s -tls1 DES-CBC3-SHA:@SECLEVEL=0 >/dev/null 2>&1 ||
	triple_des=

each() { # each PREFIX NUMBER...
	local prefix=$1 number
	shift
	for number; do echo "$prefix $number"; done
}

# table PROFILE RELAY KIND-OF-CERTIFICATE: the lines of probe.py, sorted.
# shellcheck disable=SC2086 # lists of numbers
table() {
	local profile=$1 relay=$2 kind=$3 version more=
	{
		each 1.3 1301 1302 1303
		each "1.3 group" 001d 0017 0018 0019 11ec
		[ $profile = modern ] && return
		[ $kind = rsa ] && each "1.2 group" 001d 0017 0018 0019
		each 1.2 ${gcm_chacha[$kind]}
		[ $profile = old ] && [ $kind = rsa ] && each 1.2 $rsa_gcm
		[ $profile = intermediate ] || [ $relay = false ] && return
		each 1.2 ${cbc_sha[$kind]}
		[ $profile = old ] || return
		each 1.2 ${cbc_sha256[$kind]}
		[ $kind = rsa ] && more="$rsa_cbc_sha $triple_des" &&
			each 1.2 $rsa_cbc_sha256 $more
		for version in 1.0 1.1; do
			each $version ${cbc_sha[$kind]} $more
		done
	} | sort
}

# strict_system FILE: an openssl.cnf that is narrower than any profile. Its limits
# are not those of a profile that goes below them.
strict_system() {
	cat >"$1" <<-'X'
	openssl_conf = all
	[all]
	ssl_conf = ssl
	[ssl]
	system_default = strict
	[strict]
	MinProtocol = TLSv1.3
	Protocol = ALL,-TLSv1,-TLSv1.1
	CipherString = DEFAULT:@SECLEVEL=2
	Groups = P-256
	X
}
