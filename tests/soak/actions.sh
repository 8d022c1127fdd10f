# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # soak and lib.sh have the rest
# What happens to the gate meanwhile. Each action ends when its effect is seen;
# one that has none fails the soak. The shell does not end an action at its first
# failure, since its status is asked for: hence each && here.

kinds=(rekey kill helper reload rotate revoke)

# draw N: a random number below N in $drawn. Not in a subshell, which would
# begin another sequence.
draw() { drawn=$(((RANDOM << 15 | RANDOM) % $1)); }

# act KIND: and notes what was done.
act() {
	local ok=true
	did=''
	"act_$1" >>"$work/log/actions" 2>&1 || ok=false
	[ $ok = true ] || tail -n 5 "$work/log/actions"
	jq -nc --arg kind "$1" --arg did "$did" --argjson ok $ok \
		--argjson at $((SECONDS - began)) '$ARGS.named' >>"$out/actions.json"
}

# All keys from now on are for so many records: kcat's and the module's.
act_rekey() {
	draw 500
	did="keys of $((drawn + 20)) records"
	ktlsgate gate set kafka key-records $((drawn + 20))
}

# One that is gone in the meantime is no failure, but another one is taken.
act_kill() {
	local ids try
	for try in 1 2 3 4 5; do
		mapfile -t ids < <(ktlsgate -j conn show gate kafka |
			jq -r '.[] | select(.state == "accepted") | .id')
		[ ${#ids[@]} -gt 0 ] || continue
		draw ${#ids[@]}
		did="connection ${ids[drawn]} of $(ktlsgate -j conn show id \
			"${ids[drawn]}" | jq -r '.[0].principal')" || continue
		ktlsgate conn kill id "${ids[drawn]}" && return
		echo "try $try: connection ${ids[drawn]} is gone"
	done
	return 1
}

helper_pid() { systemctl show -P MainPID ktlsgated.service; }

another_helper() {
	local pid
	pid=$(helper_pid)
	[ "$pid" != 0 ] && [ "$pid" != "$1" ] &&
		systemctl -q is-active ktlsgated.service
}

act_helper() {
	local pid
	pid=$(helper_pid)
	did="process $pid"
	systemctl kill --signal=KILL ktlsgated.service &&
		wait_for 120 "another helper" another_helper "$pid"
}

# put NAME FILE: in one step, as a renewal does it
put() {
	cp "$1" "$2.new" && mv "$2.new" "$2"
}

in_force() {
	ktlsgate -j gate show kafka |
		jq -e --arg profile "$1" '.[0].in_force."tls-profile" == $profile'
}

act_reload() {
	local profile=modern
	in_force intermediate || profile=intermediate
	did="tls-profile $profile"
	grep -v tls-profile /etc/ktlsgate/ktlsgated.yaml >"$work/ktlsgated.yaml"
	echo "    tls-profile: $profile" >>"$work/ktlsgated.yaml"
	put "$work/ktlsgated.yaml" /etc/ktlsgate/ktlsgated.yaml &&
		systemctl reload ktlsgated.service &&
		wait_for 60 "tls-profile $profile in force" in_force $profile
}

serial() { openssl x509 -noout -serial | cut -d= -f2; }

serves() {
	[ "$(openssl s_client -connect "$bootstrap" -cert "$tls/payments.crt" \
		-key "$tls/payments.key" </dev/null 2>/dev/null | serial)" = "$1" ]
}

act_rotate() {
	local new
	issue broker /CN=localhost ca \
		'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' || return
	new=$(serial <"$tls/broker.crt")
	did="server's certificate $new"
	put "$tls/broker.key" /etc/ktlsgate/tls/tls.key &&
		put "$tls/broker.crt" /etc/ktlsgate/tls/tls.crt &&
		wait_for 120 "the new certificate in use" serves "$new"
}

# --- revocation -----------------------------------------------------------------

revocation_list=/etc/ktlsgate/tls/ca.crl

with_ca() { openssl ca -batch -config "$work/ca.cnf" "$@"; }

list() {
	with_ca -gencrl -crldays 30 -out "$work/ca.crl" &&
		put "$work/ca.crl" $revocation_list
}

revocation_begin() {
	: >"$work/ca.index"
	echo 01 >"$work/ca.number"
	cat >"$work/ca.cnf" <<-END
		[ca]
		default_ca = this
		[this]
		database = $work/ca.index
		crlnumber = $work/ca.number
		certificate = $tls/ca.crt
		private_key = $tls/ca.key
		default_md = sha256
	END
	list 2>>"$work/log/actions"
}

certify() { issue "$1" "/O=ACME/CN=$1" ca extendedKeyUsage=clientAuth; }

# Events of the consumer that tell of the certificate with this serial number.
told_revoked() {
	grep -iE '"(closed|refused)"' "$work/events" |
		grep -i "$1" | grep -q 'was revoked on'
}

# Without its certificate a live consumer ends, and comes back with another one.
act_revoke() {
	local name old
	draw 2
	name=${consumers[drawn]}
	old=$(serial <"$tls/$name.crt")
	did="$name, certificate $old"
	with_ca -revoke "$tls/$name.crt" && list &&
		wait_for 120 "the end of the revoked client" told_revoked "$old" &&
		certify "$name" && kill "$(cat "$state/$name.pid")"
}
