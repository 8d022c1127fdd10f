#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS clients that say as JSON what happened to them."""
import argparse
import hashlib
import json
import random
import select
import socket
import ssl
import struct
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--address", default="127.0.0.1")
arguments.add_argument("--source")
arguments.add_argument("--port", type=int, default=9092)
arguments.add_argument("--ca", required=True)
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments.add_argument("--min", choices=["1.0", "1.1", "1.2", "1.3"],
                       default="1.2")
arguments.add_argument("--max", choices=["1.0", "1.1", "1.2", "1.3"],
                       default="1.3")
arguments.add_argument("--ciphers")
arguments.add_argument("--count", type=int, default=1,
                       help="connections one after the other")
arguments.add_argument("--timeout", type=float, default=60)
arguments.add_argument("--raw", help="no TLS: send these bytes (hex)")
arguments.add_argument("--silent", action="store_true",
                       help="no TLS: send nothing and wait for the end")
arguments.add_argument("--hold", help="after the echo wait for this file")
arguments.add_argument("--stay", action="store_true",
                       help="echo ten times a second until the end; tells on"
                            " standard error")
arguments.add_argument("--reset",
                       help="after the handshake wait for this file, and reset")
arguments.add_argument("--bulk", type=int, help="MB to echo, both ways at once")
arguments.add_argument("--window", type=int,
                       help="bytes of the receive buffer, of IPv4")
arguments.add_argument("--slow", action="store_true",
                       help="read the echo late and in small pieces")
options = arguments.parse_args()

VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def connect():
    if options.window:
        narrow = socket.socket()
        narrow.settimeout(options.timeout)
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.window)
        narrow.connect((options.address, options.port))
        return narrow
    source = (options.source, 0) if options.source else None
    return socket.create_connection((options.address, options.port),
                                    options.timeout, source)


def raw(result):
    with connect() as plain:
        result["connected"] = True
        if options.raw:
            plain.sendall(bytes.fromhex(options.raw))
        try:
            result["reply"] = plain.recv(1024).hex()
        except ConnectionResetError as error:
            # An end as well, and not that of those still to come.
            result["error"] = str(error)


def stay(tls):
    try:
        while True:
            tls.sendall(b"alive")
            if not tls.recv(100):
                return "closed"
            print("alive", file=sys.stderr, flush=True)
            time.sleep(0.1)
    except ssl.SSLError as error:
        return str(error)
    except OSError as error:
        # It failed to write: the alert may have come before the reset.
        try:
            tls.recv(100)
        except (OSError, ssl.SSLError) as last:
            return str(last)
        return str(error)


def bulk(tls, result):
    """Sends as fast as it can; a slow reader stops for a while each MB."""
    block = random.Random(options.bulk).randbytes(1 << 20)
    total = options.bulk << 20
    sent, got, pause = 0, 0, 0.0
    digests = hashlib.sha256(), hashlib.sha256()
    tls.setblocking(False)
    while got < total:
        reading = time.monotonic() >= pause
        writing = [tls] if sent < total else []
        if not tls.pending() or not reading:
            select.select([tls] if reading else [], writing, [],
                          None if reading else pause - time.monotonic())
        try:
            if writing:
                part = block[sent % len(block):][:65536]
                count = tls.send(part)
                digests[0].update(part[:count])
                sent += count
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            if reading:
                data = tls.recv(1000 if options.slow and got < 100000
                                else 65536)
                if not data:
                    break
                digests[1].update(data)
                if options.slow and got >> 20 != got + len(data) >> 20:
                    pause = time.monotonic() + 0.2
                got += len(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
    tls.setblocking(True)
    tls.settimeout(options.timeout)
    result["bytes"] = got
    result["bulk"] = (got == total and
                      digests[0].digest() == digests[1].digest())


def once(context, result, session):
    began = time.monotonic()
    plain = connect()
    result["connected"] = True
    result["port"] = plain.getsockname()[1]
    with context.wrap_socket(plain, server_hostname="localhost",
                             session=session) as tls:
        result["version"] = tls.version()
        result["cipher"] = tls.cipher()[0]
        if options.reset:
            with open(options.reset, "rb"):
                pass
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack("ii", 1, 0))
            return None
        tls.sendall(b"hello gate")
        reply = b""
        while len(reply) < 10:
            more = tls.recv(100)
            if not more:
                break
            reply += more
        result["echo"] = reply == b"hello gate"
        result["resumed"] = tls.session_reused
        result["seconds"] = time.monotonic() - began
        if options.bulk:
            bulk(tls, result)
        if options.hold:
            with open(options.hold, "rb"):
                pass
            tls.sendall(b"still here")
            result["held"] = tls.recv(100) == b"still here"
        if options.stay:
            print("established", file=sys.stderr, flush=True)
            result["end"] = stay(tls)
            return None
        session = tls.session
        try:
            tls.unwrap()
        except (OSError, ssl.SSLError) as error:
            result["end"] = str(error)
        return session


def main():
    result = {"connected": False, "echo": False}
    began = time.monotonic()
    try:
        if options.raw or options.silent:
            for _ in range(options.count):
                raw(result)
        else:
            context = ssl.create_default_context(cafile=options.ca)
            context.minimum_version = VERSIONS[options.min]
            context.maximum_version = VERSIONS[options.max]
            if options.ciphers:
                context.set_ciphers(options.ciphers)
            if options.cert:
                context.load_cert_chain(options.cert, options.key)
            session = None
            for _ in range(options.count):
                session = once(context, result, session)
    except (OSError, ssl.SSLError) as error:
        result["error"] = str(error)
    result["took"] = time.monotonic() - began
    json.dump(result, sys.stdout)
    print()


main()
