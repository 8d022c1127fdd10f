#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All that a TLS server accepts, found out by ClientHellos made by hand.

Each hello offers everything that was not accepted yet, in one version; what
the server chooses is accepted. It needs no TLS library, so that it sees also
what none of ours has. Prints a line for each: "1.2 c02b" is a version and a
suite, "1.3 group 001d" a group by key share, "1.2 group 001d" one of
ECDHE-RSA.
"""
import argparse
import os
import socket
import struct

VERSIONS = {"3.0": 0x300, "1.0": 0x301, "1.1": 0x302, "1.2": 0x303,
            "1.3": 0x304}
# All that IANA has registered, SCSVs (00ff, 5600) left out.
SUITES = [*range(0x00, 0xff), *range(0x1301, 0x1308), *range(0xc001, 0xc100),
          *range(0xc100, 0xc108), *range(0xcca8, 0xccaf),
          *range(0xd001, 0xd006)]
GROUPS = [*range(1, 42), *range(256, 261), *range(0x200, 0x203),
          *range(0x11eb, 0x11ef), 0x6399, 0x639a]
SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401,
              0x0501, 0x0601, 0x0203, 0x0201]
# With ECDSA the groups of 1.2 are also those of certificates (RFC 8422 5.1.1):
# which the server takes for a key exchange is seen with RSA only.
ECDHE_RSA = [0xc013, 0xc014, 0xc027, 0xc028, 0xc02f, 0xc030, 0xcca8]
HELLO_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891"
                            "c2a211167abb8c5e079e09e2c8a8339c")

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("--timeout", type=float, default=120)
options = arguments.parse_args()


def block(size, data):
    return len(data).to_bytes(size, "big") + data


def numbers(values):
    return block(2, b"".join(struct.pack(">H", value) for value in values))


def extension(kind, data):
    return struct.pack(">H", kind) + block(2, data)


def hello(version, suites, groups):
    extensions = (extension(0, block(2, b"\0" + block(2, b"localhost"))) +
                  extension(10, numbers(groups)) +
                  extension(11, block(1, b"\0")) +
                  extension(0xff01, block(1, b"")))
    if version >= 0x303:
        extensions += extension(13, numbers(SIGNATURES))
    if version == 0x304:
        # No share at all: the server asks for one of the group it takes.
        extensions += (extension(43, block(1, b"\x03\x04")) +
                       extension(51, block(2, b"")) +
                       extension(45, block(1, b"\x01")))
    body = (struct.pack(">H", min(version, 0x303)) + os.urandom(32) +
            block(1, os.urandom(32) if version == 0x304 else b"") +
            numbers(suites) + block(1, b"\0") + block(2, extensions))
    message = b"\x01" + block(3, body)
    return b"\x16" + struct.pack(">H", min(version, 0x301)) + block(2, message)


def messages(plain):
    """Handshake messages until an alert or the end."""
    stream, pending = plain.makefile("rb"), b""
    while True:
        head = stream.read(5)
        if len(head) < 5 or head[0] != 22:
            return
        pending += stream.read(int.from_bytes(head[3:5], "big"))
        while len(pending) >= 4:
            size = int.from_bytes(pending[1:4], "big") + 4
            if len(pending) < size:
                break
            yield pending[0], pending[4:size]
            pending = pending[size:]


def server_hello(body):
    """Version, suite and, of a HelloRetryRequest, the group."""
    version, = struct.unpack_from(">H", body)
    at = 35 + body[34]
    suite, = struct.unpack_from(">H", body, at)
    at, group = at + 5, None
    while at + 4 <= len(body):
        kind, size = struct.unpack_from(">HH", body, at)
        if kind == 43:
            version, = struct.unpack_from(">H", body, at + 4)
        if kind == 51:
            group, = struct.unpack_from(">H", body, at + 4)
        at += 4 + size
    if body[2:34] != HELLO_RETRY:
        group = None
    return version, suite, group


def ask(version, suites, groups):
    """(suite, group) as chosen, None when refused. Raises on a timeout."""
    chosen = None
    with socket.create_connection(("127.0.0.1", options.port),
                                  options.timeout) as plain:
        plain.sendall(hello(version, suites, groups))
        try:
            for kind, body in messages(plain):
                if kind == 2:
                    spoken, suite, group = server_hello(body)
                    if spoken != version:
                        return None
                    chosen = suite, group
                    if version == 0x304:
                        break
                if kind == 12 and body[0] == 3:
                    chosen = suite, int.from_bytes(body[1:3], "big")
                if kind == 14:
                    break
        except ConnectionResetError:
            pass
    return chosen


def main():
    for name, version in VERSIONS.items():
        suites = list(SUITES)
        while chosen := ask(version, suites, GROUPS):
            print(f"{name} {chosen[0]:04x}")
            suites.remove(chosen[0])
    for name in ("1.2", "1.3"):
        groups = list(GROUPS)
        suites = SUITES if name == "1.3" else ECDHE_RSA
        while groups and (chosen := ask(VERSIONS[name], suites, groups)):
            print(f"{name} group {chosen[1]:04x}")
            groups.remove(chosen[1])


main()
