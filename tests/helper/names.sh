# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Hard names through a gate: what the agent is told is what Java prints.

subject_of() { # subject_of NAME: the DER of its certificate's, in hexadecimal
	openssl x509 -in "$work/$1.crt" -outform DER | python3 -c '
import sys
data = sys.stdin.buffer.read()
def inside(at):
    size, at = data[at + 1], at + 2
    if size & 0x80:
        end = at + (size & 0x7f)
        size, at = int.from_bytes(data[at:end], "big"), end
    return at, at + size
at = inside(inside(0)[0])[0]
for _ in "version", "serial", "algorithm", "issuer", "validity":
    at = inside(at)[1]
print(data[at:inside(at)[1]].hex())'
}
units=$(printf '/OU=unit %d' {1..199})
issue commas '/O=ACME, Inc./OU=a\+b=c/CN=x<y>;"z"\\ #' ca
issue utf8 '/O=Grüße 日本/CN= é ' ca
issue multi '/O=ACME+OU=b+OU=a/CN=x+emailAddress=x@acme.com' ca
issue many "$units/CN=x" ca
agent agent --library "$tree/build/guest/userspace/libktlsgate.so.0"
config
check "the helper starts" helper_start
for name in commas utf8 multi many; do
	subject_of "$name"
done >"$work/subjects"
java "$helper_dir/Dn.java" <"$work/subjects" >"$work/printed"
same_as_java() { # same_as_java NAME LINE
	local java
	java=$(sed -n "$2p" "$work/printed" | python3 -c \
		'import sys; print(bytes.fromhex(sys.stdin.read()).decode())')
	: >"$work/agent.seen"
	client --cert "$work/$1.crt" --key "$work/$1.key" >/dev/null
	echo "Java: $java"
	cat "$work/agent.seen"
	echoed && grep -qxF "principal $java" "$work/agent.seen" &&
		grep -qxF "subject $java" "$work/agent.seen"
}
check "commas and escapes: the agent sees what Java prints" same_as_java commas 1
check "UTF-8: the agent sees what Java prints" same_as_java utf8 2
check "multi-valued RDNs: the agent sees what Java prints" same_as_java multi 3
check "200 attributes: the agent sees what Java prints" same_as_java many 4
units=$(printf "/OU=%060d" {1..140})
issue endless "$units/CN=x" ca
check "more than 8192 bytes: refused" eval '
	client --cert "$work/endless.crt" --key "$work/endless.key" >/dev/null
	not echoed'
check "and told so" logged \
	"the client certificate's subject or issuer is longer than 8192 bytes"
