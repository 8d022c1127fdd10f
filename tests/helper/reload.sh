# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# SIGHUP: certificates and gates change, what is live does not notice, and a
# bad file changes nothing.

agent agent
config
check "the helper starts" helper_start

server_name() { # the subject of the certificate that the gate shows
	openssl s_client -connect "127.0.0.1:${1:-9092}" </dev/null 2>/dev/null |
		openssl x509 -noout -subject -nameopt RFC2253
}

# A live connection, which goes through all the reloads.
mkfifo "$work/go"
OUT=live mtls --hold "$work/go" --timeout 600 >/dev/null &
live=$!
wait_for 60 grep -q "read b'hello gate'" "$work/agent.seen"

config "client-auth: require"
check "a bad file" reload
check "is refused with file, line and key" logged \
	"client-auth: 'require' is not one of required, requested, none"
check "the configuration before it stays in force" logged \
	"1 errors: the configuration before it stays in force"
check "the gate serves as before" mtls_echo

issue new-server /CN=new-name ca subjectAltName=DNS:localhost
config "certificate: $work/new-server.crt"
check "a certificate without its key" reload
check "is refused" logged "does not match certificate $work/new-server.crt (CN=new-name)"
check "the old certificate is shown" eval \
	'[ "$(server_name)" = subject=CN=localhost ]'
config "certificate: $work/expired.crt" "private-key: $work/expired.key"
check "an expired certificate" reload
check "is refused as well" logged "expired on 2020-01-02"
check "the old certificate is still shown" eval \
	'[ "$(server_name)" = subject=CN=localhost ]'

config "certificate: $work/new-server.crt" "private-key: $work/new-server.key"
check "a good pair" reload
check "is in force" eval '[ "$(server_name)" = subject=CN=new-name ]'
check "and clients pass" mtls_echo
ALGORITHM=rsa issue rsa-server /CN=rsa-name ca subjectAltName=DNS:localhost
config "certificate: $work/rsa-server.crt" "private-key: $work/rsa-server.key"
check "the kind of key may change" reload
check "RSA is in force" eval '[ "$(server_name)" = subject=CN=rsa-name ]'

agent second --port 9093
config
gate_yaml "name: registry" "port: 9093" "client-auth: none" \
	>>"$work/gates.yaml"
check "a second gate" reload
check "serves" eval 'client --port 9093 >/dev/null; echoed'
check "the first one still wants certificates" eval \
	'client >/dev/null; not echoed'
config "client-ca: $work/other-ca.crt" "cut-refused: false"
check "the second gate goes, the first trusts another CA" reload
check "the second agent is open again" eval \
	'client --raw 68692c206167656e74 --port 9093 --timeout 20 >/dev/null; said ".reply == \"68692c206167656e74\""'
check "the first gate refuses whom it trusted" eval \
	'mtls >/dev/null; not echoed'
check "and takes whom it refused" eval \
	'client --cert "$work/stranger.crt" --key "$work/stranger.key" >/dev/null; echoed'

config "port: 9093"
check "a gate may change its port" reload
check "and serves there" mtls_echo --port 9093
check "its old port is open to plaintext" eval \
	'client --raw 68692c206167656e74 --timeout 20 >/dev/null; said ".reply == \"68692c206167656e74\""'
config
check "and back" reload
check "serves" mtls_echo

echo >"$work/go"
wait $live
check "the live connection went through all of it" \
	jq -e .held "$work/live.json"
for i in $(seq 20); do reload >/dev/null || break; done
check "twenty reloads in a row" mtls_echo
descriptors() { ls "/proc/$helper_pid/fd" | wc -l; }
before=$(descriptors)
for i in $(seq 10); do reload >/dev/null || break; done
check "leave no descriptor behind" eval '[ "$(descriptors)" -le "$before" ]'

# --- without a signal -------------------------------------------------------

fresh() { # fresh NAME: a pair for the server, its subject CN=NAME
	issue "$1" "/CN=$1" ca subjectAltName=DNS:localhost
}
shows() { [ "$(server_name)" = "subject=CN=$1" ]; }
mkdir "$work/tls"
cp "$work/server.crt" "$work/server.key" "$work/tls/"
config "certificate: $work/tls/server.crt" "private-key: $work/tls/server.key"
check "reload with files of their own" reload
fresh renamed
mv "$work/renamed.crt" "$work/tls/server.crt"
waiting() { logged "private-key: $work/tls/server.key does not match"; }
check "a new certificate whose key is not there yet" wait_for 60 waiting
check "the old one is shown meanwhile" shows localhost
mv "$work/renamed.key" "$work/tls/server.key"
check "with its key it is in force by itself" wait_for 60 shows renamed
check "and clients pass" mtls_echo

# As Kubernetes does it: ..data points to the newest directory.
fresh volume1
fresh volume2
for i in 1 2; do
	mkdir -p "$work/volume/..$i"
	mv "$work/volume$i.crt" "$work/volume/..$i/tls.crt"
	mv "$work/volume$i.key" "$work/volume/..$i/tls.key"
done
ln -s ..1 "$work/volume/..data"
ln -s ..data/tls.crt ..data/tls.key "$work/volume/"
config "certificate: $work/volume/tls.crt" "private-key: $work/volume/tls.key"
check "reload with a volume of secrets" reload
check "its certificate" shows volume1
ln -s ..2 "$work/volume/..new"
mv -T "$work/volume/..new" "$work/volume/..data"
check "the volume is switched: in force by itself" wait_for 60 shows volume2
