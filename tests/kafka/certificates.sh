# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # whoever includes it sets tls
# CAs and what they sign, in the folder $tls.

authority() {			# authority NAME
	openssl req -quiet -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-noenc -keyout "$tls/$1.key" -out "$tls/$1.crt" -days 30 \
		-subj "/CN=$1" -addext keyUsage=critical,keyCertSign,cRLSign
}

# issue NAME SUBJECT CA EXTENSION: NAME.crt and NAME.key, signed by CA.
issue() {
	openssl req -quiet -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$tls/$1.key" -out "$tls/$1.csr" -subj "$2"
	openssl x509 -req -in "$tls/$1.csr" -CA "$tls/$3.crt" \
		-CAkey "$tls/$3.key" -days 20 -out "$tls/$1.crt" \
		-extfile <(echo "$4")
}
