# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of lib.sh
# The module is not loaded.

for words in 'gate show' 'gate add kafka port 9092' 'conn show' \
	'conn kill all' stats monitor; do
	# shellcheck disable=SC2086 # words
	gate $words
	refused 3 'the module ktlsgate is not loaded: modprobe ktlsgate'
	ok "$words without the module says so, exit code 3"
done

gate -V
went_well && [[ $out == 'ktlsgate '[0-9]* ]]
ok 'the version needs no module'

gate doctor
[ "$code" = 2 ] && [[ $out == *'FAIL  the module ktlsgate is '*modprobe* ]]
ok 'doctor says that the module is not loaded and what to do'
