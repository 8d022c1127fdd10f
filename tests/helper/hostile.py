#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile peers of a gate, one attack at a time.

Every connection of an attack must end, and be counted by the kernel once, under
a reason that fits. Prints a line with the counts and with what a live connection
("live") echoed meanwhile; fails when an end is missing or has another reason.
"""
import argparse
import json
import os
import random
import resource
import select
import ssl
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import flights
from flights import (PATIENCE, Tls, await_end, connect, finish, live_one,
                     record, reset, send)

arguments = argparse.ArgumentParser()
arguments.add_argument("attack", help="or: list, live, idle, flood")
arguments.add_argument("--ktlsgate", default="ktlsgate")
arguments.add_argument("--ca")
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments.add_argument("--port", type=int, default=9092)
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--live", help="what \"live\" counts: bytes, in a file")
options = arguments.parse_args()

rng = random.Random(options.seed)
flights.options = options

# --- attacks ----------------------------------------------------------------

ATTACKS = {}


def attack(*reasons):
    def add(function):
        ATTACKS[function.__name__.replace("_", "-")] = function, set(reasons)
        return function
    return add


def many(count, first_bytes):
    held = []
    for i in range(count):
        held.append(connect(f"127.0.{2 + i % 4}.1"))
        send(held[-1], first_bytes(i))
    for plain in held:
        await_end(plain)


@attack("timeout")
def silent():
    many(2000, lambda i: b"")


@attack("timeout")
def half_a_hello():
    hello = Tls(plain=True).hello()
    many(1000, lambda i: hello[:6 + i % (len(hello) - 7)])


@attack("timeout")
def never_reads():
    """The whole hello, but nobody takes the answer: a window of zero."""
    hello = Tls(plain=True).hello()
    held = [connect("127.0.6.1", buffer=1) for i in range(200)]
    for plain in held:
        send(plain, hello)
    waiting = select.poll()
    for plain in held:
        waiting.register(plain, select.POLLHUP)
    # Only then: what is read opens the window.
    time_out = time.monotonic() + PATIENCE
    while refusals()["timeout"] < before["timeout"] + len(held):
        if time.monotonic() > time_out:
            raise TimeoutError("not ended")
        waiting.poll(100)
    for plain in held:
        await_end(plain)


@attack("protocol-error")
def giant_message():
    """A ClientHello of 16 MiB less one, for as long as it is taken."""
    for _ in range(10):
        plain = connect()
        send(plain, record(22, b"\x01\xff\xff\xff" + bytes(16380)))
        for _ in range(64):
            send(plain, record(22, bytes(16384)))
        finish(plain)


@attack("peer-close-notify", "peer-fin")
def fragments():
    """A hello in records of one byte each, then a good client."""
    for _ in range(3):
        client = Tls()
        hello = client.hello()
        for byte in hello[5:]:
            send(client.plain, record(22, bytes([byte])))
        send(client.plain, client.next_flight())
        client.echo()
        finish(client.plain)


@attack("peer-close-notify", "peer-fin")
def one_byte_segments():
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        client = Tls(version=version)
        for byte in client.hello():
            send(client.plain, bytes([byte]))
        for byte in client.next_flight():
            send(client.plain, bytes([byte]))
        if version == ssl.TLSVersion.TLSv1_2:
            client.next_flight()
        for byte in client.encrypt(b"hello gate"):
            send(client.plain, bytes([byte]))
        while not client.plain.recv(65536):
            pass
        finish(client.plain)


LENGTHS = 0, 1, 255, 16384, 16640, 16641, 65535


@attack("not-tls", "protocol-error", "client-gone")
def records_first():
    """Every type of record with every kind of length, before all else."""
    for kind in range(256):
        for length in LENGTHS if 18 < kind < 26 else (rng.choice(LENGTHS),):
            plain = connect()
            send(plain, record(kind, rng.randbytes(min(length, 500)), length))
            finish(plain)


@attack("protocol-error", "client-alert", "client-gone")
def records_in_handshake():
    """The same once the server's flight is there."""
    for kind in (*range(19, 26), 255):
        for length in LENGTHS:
            client = Tls()
            send(client.plain, client.hello())
            client.next_flight()
            send(client.plain, record(kind, rng.randbytes(min(length, 500)),
                                      length))
            finish(client.plain)


@attack("decrypt-failed", "alert-sent", "peer-fin", "peer-close-notify",
        "peer-reset", "agent-close")
def records_after_handoff():
    """The same to the kernel: no such record is of the keys."""
    for kind in (*range(19, 26), 255):
        for length in LENGTHS:
            client = live_one()
            send(client.plain, record(kind, rng.randbytes(min(length, 500)),
                                      length))
            finish(client.plain)


@attack("decrypt-failed", "alert-sent", "peer-fin")
def flipped_after_handoff():
    """A good record of which one bit is another."""
    for _ in range(30):
        client = live_one()
        data = bytearray(client.encrypt(rng.randbytes(rng.randrange(1, 2000))))
        bit = rng.randrange(5 * 8, len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        send(client.plain, data)
        finish(client.plain)


@attack("not-tls", "protocol-error", "client-gone", "client-alert")
def random_bytes():
    for _ in range(300):
        plain = connect()
        data = rng.randbytes(rng.randrange(1, 3000))
        if rng.random() < 0.5:
            data = b"\x16\x03\x01" + data
        send(plain, data)
        finish(plain)


@attack("protocol-error", "client-gone", "client-alert", "not-tls",
        "no-common-parameters", "bad-certificate", "no-certificate",
        "peer-fin", "peer-close-notify", "peer-reset")
def flipped_hello():
    """A good hello of which one byte is another; whatever comes of it."""
    for _ in range(100):
        client = Tls()
        data = bytearray(client.hello())
        data[rng.randrange(len(data))] = rng.randrange(256)
        send(client.plain, data)
        finish(client.plain)


@attack("protocol-error", "client-alert", "client-gone", "bad-certificate")
def flipped_second_flight():
    for i in range(50):
        client = Tls(version=(ssl.TLSVersion.TLSv1_2,
                              ssl.TLSVersion.TLSv1_3)[i % 2])
        send(client.plain, client.hello())
        data = bytearray(client.next_flight())
        # A change_cipher_spec of TLS 1.3 may be what it likes to be.
        at = rng.randrange(11, len(data)) if i % 2 else rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(8)
        send(client.plain, data)
        finish(client.plain)


@attack("not-tls", "client-alert", "protocol-error", "client-gone")
def alerts_in_a_row():
    warning, fatal = b"\x01\x5a", b"\x02\x28"
    for data in warning, fatal:
        for _ in range(20):
            plain = connect()
            send(plain, record(21, data) * 100)
            finish(plain)
            client = Tls(version=ssl.TLSVersion.TLSv1_2)
            send(client.plain, client.hello())
            client.next_flight()
            send(client.plain, record(21, data) * 100)
            finish(client.plain)


@attack("no-common-parameters", "protocol-error", "client-alert")
def downgrade():
    """Versions that the gate does not have, and a fallback."""
    for version in "-tls1", "-tls1_1", "-tls1_2 -fallback_scsv":
        flights.opened += 1
        subprocess.run(["openssl", "s_client", "-connect",
                        f"127.0.0.1:{options.port}", *version.split(),
                        "-cipher", "ALL:@SECLEVEL=0"],
                       stdin=subprocess.DEVNULL, capture_output=True,
                       check=False, timeout=PATIENCE)


@attack("peer-close-notify", "peer-fin", "alert-sent", "alert-received",
        "peer-reset")
def renegotiation():
    """R is what makes s_client begin another handshake."""
    flights.opened += 1
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{options.port}",
         "-tls1_2", "-cert", options.cert, "-key", options.key],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    process.stdin.write(b"hello gate\n")
    process.stdin.flush()
    seen = b""
    while b"hello gate" not in seen:
        seen += process.stdout.read1()
    process.communicate(b"R\n", PATIENCE)


@attack("not-tls")
def plaintext_http():
    for request in b"GET / HTTP/1.1\r\nHost: gate\r\n\r\n", \
            b"POST /" + b"x" * 60000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":
        for _ in range(30):
            plain = connect()
            send(plain, request)
            finish(plain)


def cut(end):
    """Ends the connection within and behind each message of the client's."""
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        whole = Tls(plain=True, version=version).hello()
        for at in (0, 1, 4, 5, 6, 9, *range(10, len(whole), len(whole) // 8),
                   len(whole)):
            client = Tls(version=version)
            send(client.plain, client.hello()[:at])
            end(client.plain)
        for part in range(0, 12):
            client = Tls(version=version)
            send(client.plain, client.hello())
            flight = client.next_flight()
            # All but its end, for with that there is a connection.
            send(client.plain, flight[:(len(flight) - 1) * part // 11])
            end(client.plain)


@attack("client-gone")
def closed_in_the_middle():
    cut(finish)


@attack("client-gone")
def reset_at_each_step():
    cut(reset)


@attack("peer-reset", "client-gone", "agent-close")
def reset_after_handshake():
    for i in range(60):
        client = Tls()
        send(client.plain, client.hello())
        send(client.plain, client.next_flight())
        if i % 2:
            client.echo()
        reset(client.plain)


# --- counts -----------------------------------------------------------------


class Counts(dict):
    def __missing__(self, key):
        return 0


def gate():
    shown = subprocess.run([options.ktlsgate, "-j", "gate", "show", "kafka"],
                           capture_output=True, check=True)
    return json.loads(shown.stdout)[0]


def refusals():
    return Counts(gate()["refused_by"])


def ends():
    now = gate()
    return Counts({**now["refused_by"], **now["closed_by"]})


def gained():
    now = ends()
    return {key: now[key] - before[key] for key in now
            if now[key] != before[key]}


def echoed():
    if not options.live:
        return 0
    with open(options.live, encoding="ascii") as file:
        return int(file.read() or 0)


def run(name, function, reasons):
    began, bytes_before = time.monotonic(), echoed()
    function()
    until = time.monotonic() + PATIENCE
    while sum(gained().values()) < flights.opened and time.monotonic() < until:
        time.sleep(0.05)
    took = time.monotonic() - began
    found = gained()
    print(f"# {name:22} seed {options.seed} {flights.opened:5} connections"
          f" {took:6.1f} s  live {(echoed() - bytes_before) / took / 1024:7.0f}"
          f" KiB/s  {json.dumps(found)}", flush=True)
    if sum(found.values()) != flights.opened:
        sys.exit(f"{flights.opened} connections, {sum(found.values())} ends")
    if set(found) - reasons:
        sys.exit(f"reasons beyond {sorted(reasons)}")


def live():
    """Echoes until the file of counts is gone."""
    client = live_one()
    block, total = random.Random(1).randbytes(65536), 0
    while os.path.exists(options.live):
        client.echo(block)
        total += len(block)
        with open(options.live + ".new", "w", encoding="ascii") as file:
            file.write(str(total))
        if os.path.exists(options.live):
            os.rename(options.live + ".new", options.live)
    print(f"echoed {total}")


def flood():
    """Handshakes half begun, more than fit; who ends them does not matter."""
    hello = Tls(plain=True).hello()
    held = []
    for i in range(3000):
        try:
            held.append(connect(f"127.0.{2 + i % 4}.1"))
            held[-1].sendall(hello[:len(hello) - 1])
        except OSError:
            pass
    print(f"{len(held)} connections")


def idle():
    """Nothing, for comparison, while the live connection moves 2 MiB."""
    until = echoed() + (2 << 20)
    while options.live and echoed() < until:
        time.sleep(0.05)


resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
if options.attack == "list":
    print(*ATTACKS, sep="\n")
elif options.attack == "live":
    live()
elif options.attack == "flood":
    flood()
else:
    before = ends()
    if options.attack == "idle":
        run("idle", idle, set())
    else:
        run(options.attack, *ATTACKS[options.attack])
