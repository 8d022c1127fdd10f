#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An agent, its helper and its clients, for the tests of the command line.

Reads one request a line from stdin, a JSON array [verb, argument...], and
answers each with one line of JSON. Keys are installed in kTLS without a
handshake: what the command shows does not depend on one.

  ["listen", PORT]             an agent on 127.0.0.1
  ["handoff", PORT, GATE, {}]  a connection with this identity: its id, the
                               client's port; then the agent accepts it
  ["handoff-only", ...]        the same, it stays in the accept queue
  ["send", ID, BYTES]          the agent writes so many bytes
  ["read", ID]                 the agent reads: bytes, or the error's name
  ["close", ID]                the agent closes
  ["refuse", {}]               as ktlsgated tells a refusal
  ["flood", N, {}]             so many refusals
"""

import errno
import hmac
import json
import os
import socket
import struct
import sys

from gatenl import Family

TCP_ULP = 31
SOL_TLS = 282
TLS_TX, TLS_RX = 1, 2
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
AES_256_GCM_SHA384 = 0x1302
ECDHE_RSA_AES_128_GCM_SHA256 = 0xc02f
KTLS_AES_GCM_128, KTLS_AES_GCM_256 = 51, 52
SECRETS = {"secret-rx": b"r" * 48, "secret-tx": b"t" * 48}

listeners = {}
conns = {}
clients = []
family = Family()


def expand(secret, label, length):
    """HKDF-Expand-Label of RFC 8446 7.1, one block."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + b"\0\1"
    return hmac.digest(secret, info, "sha384")[:length]


def install(sock, option, version, secret):
    """The keys of one direction."""
    if version == TLS_1_3:
        key, iv = expand(secret, b"key", 32), expand(secret, b"iv", 12)
        kind = KTLS_AES_GCM_256
    else:
        key, iv = b"0123456789abcdef", bytes(12)
        kind = KTLS_AES_GCM_128
    # version, cipher, iv[8], key, salt[4], rec_seq[8]
    sock.setsockopt(SOL_TLS, option, struct.pack(
        f"HH8s{len(key)}s4s8s", version, kind, iv[4:], key, iv[:4], bytes(8)))


def encrypt(client, server, version):
    for sock in client, server:
        sock.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
    install(client, TLS_TX, version, SECRETS["secret-rx"])
    install(server, TLS_RX, version, SECRETS["secret-rx"])
    install(client, TLS_RX, version, SECRETS["secret-tx"])
    install(server, TLS_TX, version, SECRETS["secret-tx"])


def listen(port):
    listeners[port] = socket.create_server(("127.0.0.1", port))
    return "ok"


def handoff_only(port, gate, identity):
    # the helper's own listener: the gate's port is the agent's
    with socket.create_server(("127.0.0.1", 0)) as helper:
        client = socket.create_connection(helper.getsockname())
        server, _ = helper.accept()
    version = identity.setdefault("tls-version", TLS_1_2)
    identity.setdefault("cipher-suite", AES_256_GCM_SHA384
                        if version == TLS_1_3 else
                        ECDHE_RSA_AES_128_GCM_SHA256)
    identity.setdefault("principal", "ANONYMOUS")
    for key in ("serial", "fingerprint"):
        if key in identity:
            identity[key] = bytes.fromhex(identity[key])
    encrypt(client, server, version)
    clients.append(client)
    request = {"fd": server.detach(), "gate": gate, "identity": identity,
               "handshake-time": 1900000}
    if version == TLS_1_3:
        request.update(SECRETS)
    reply = family.request("handoff", request)
    return {"id": reply["id"], "port": client.getsockname()[1]}


def handoff(port, gate, identity):
    reply = handoff_only(port, gate, identity)
    conns[reply["id"]], _ = listeners[port].accept()
    return reply


def send(number, count):
    conns[number].sendall(bytes(count))
    return "ok"


def read(number):
    try:
        return len(conns[number].recv(65536))
    except OSError as error:
        return errno.errorcode[error.errno]


def close(number):
    conns.pop(number).close()
    return "ok"


def flood(count, values):
    values["peer-address"] = socket.inet_aton(values["peer-address"])
    command, attribute_set = family.commands["refuse"]
    request = family.encode(attribute_set, values)
    for _ in range(count):
        family.transact(family.family, command, request)
    return "ok"


def refuse(values):
    return flood(1, values)


VERBS = {"listen": listen, "handoff": handoff, "handoff-only": handoff_only,
         "send": send, "read": read, "close": close, "refuse": refuse,
         "flood": flood}

# principals of the tests need not be UTF-8
sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
for line in sys.stdin:
    verb, *arguments = json.loads(line)
    try:
        answer = VERBS[verb](*arguments)
    except OSError as error:
        answer = errno.errorcode.get(error.errno, os.strerror(error.errno))
    print(json.dumps(answer), flush=True)
