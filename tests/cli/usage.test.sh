# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# Command lines that are wrong change nothing and end with 1.

wrong() { # wrong WORDS MESSAGE
	# shellcheck disable=SC2086 # words
	gate $1
	refused 1 "$2"
	ok "ktlsgate $1: $2"
}

gate -h
went_well && [[ $out == 'Usage: ktlsgate '* ]]
ok '-h prints the usage on stdout'

wrong '' 'Usage: ktlsgate'
wrong -x 'See ktlsgate -h'
wrong gates "'gates' is not one of gate, conn"
wrong gat "'gat' is not one of gate, conn"
wrong 'gate sho' "'sho' is not one of show, add, set, del"
wrong 'gate show a b' "'b' is too much"
wrong 'gate add' 'name is missing'
wrong 'gate add a' 'port is missing'
wrong 'gate add a port' 'port needs a value'
wrong 'gate add a port 0' "'0' is not a number from 1 to 65535"
wrong 'gate add a port 65536' "'65536' is not a number from 1 to 65535"
wrong 'gate add a port 4294967297' "'4294967297' is not a number"
wrong 'gate add a port 9092x' "'9092x' is not a number"
wrong 'gate add a port +1' "'+1' is not a number"
wrong 'gate add a prt 1' "'prt' is not one of port, address, state, key-records"
wrong 'gate add a port 1 address 1.2.3' "'1.2.3' is neither an IPv4"
wrong 'gate add a port 1 address [1.2.3.4]' 'is neither an IPv4'
wrong 'gate add a port 1 state open' "'open' is not one of up, down"
wrong 'gate set a' 'nothing to change'
wrong 'gate set a key-records 16777217' 'key-records'
wrong 'gate del' 'name is missing'
wrong 'gate del a b' "'b' is too much"
wrong 'conn list' "'list' is not one of show, kill"
wrong 'conn show alert 1' "'alert' is not one of id, gate"
wrong 'conn show id x' "'x' is not a number"
wrong 'conn show peer 1.2.3.4:' "'1.2.3.4:' is no ADDRESS"
wrong 'conn show peer 1.2.3.4:65536' 'is no ADDRESS'
wrong 'conn show peer ::1:80:' 'is no ADDRESS'
wrong 'conn kill' 'which ones?'
wrong 'conn kill alert 40' 'which ones?'
wrong 'conn kill id 1 gate a' 'leave the other filters out'
wrong 'conn kill id 1 alert nonsense' "'nonsense' is no alert"
wrong 'conn kill id 1 alert 256' "'256' is no alert"
wrong 'stats now' "'now' is not one of gate"
wrong 'stats gate' 'gate needs a value'
wrong 'monitor all' "'all' is not one of gate"
wrong 'monitor gate a b' "'b' is too much"
wrong 'doctor a b' "'b' is too much"

gate $'a\e[31m'
refused 1 "'a\\x1b[31m'" && [[ $err != *$'\e'* ]]
ok 'what the user wrote is escaped, too'

gate -n nonesuch gate show
refused 2 "no network namespace 'nonesuch'"
ok '-n with a namespace that is not there'

gate -j gate show
went_well && json '. == []'
ok 'none of these made a gate'
