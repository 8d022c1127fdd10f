#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that go on while something happens to the helper, until a file is
there; then JSON of how they fared.

stay COUNT: so many live connections, each echoes again and again.
arrive: new ones, one after the other; each third speaks plaintext.
ends COUNT: so many of each state, and then the agent is killed; no file."""
import argparse
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("what", choices=["stay", "arrive", "ends"])
arguments.add_argument("count", type=int, nargs="?", default=0)
arguments.add_argument("--stop", help="the file")
arguments.add_argument("--agent", type=int, help="its process")
arguments.add_argument("--ktlsgate", default="ktlsgate")
arguments.add_argument("--port", type=int, default=9092)
arguments.add_argument("--ca", required=True)
arguments.add_argument("--cert", required=True)
arguments.add_argument("--key", required=True)
options = arguments.parse_args()

TIMEOUT = 180
context = ssl.create_default_context(cafile=options.ca)
context.load_cert_chain(options.cert, options.key)


def connect():
    plain = socket.create_connection(("127.0.0.1", options.port), TIMEOUT)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def established(session=None):
    return context.wrap_socket(connect(), server_hostname="localhost",
                               session=session)


def answered(tls, text):
    got = b""
    while len(got) < len(text):
        more = tls.recv(100)
        if not more:
            return False
        got += more
    return got == text


def echo(tls, text):
    tls.sendall(text)
    return answered(tls, text)


def stopped():
    return os.path.exists(options.stop)


def stay():
    result = {"connections": 0, "rounds": 0, "lost": 0, "longest_ms": 0}
    live = []
    for _ in range(options.count):
        tls = established(live[0].session if live else None)
        if not echo(tls, b"hello gate"):
            sys.exit("no echo")
        live.append(tls)
    result["connections"] = len(live)
    last = dict.fromkeys(live, time.monotonic())
    print("established", file=sys.stderr, flush=True)
    ending = False
    while not ending:
        # One whole round after the end, too.
        ending = stopped()
        text = b"round %d" % result["rounds"]
        for step in ssl.SSLSocket.sendall, answered:
            for tls in list(last):
                try:
                    if step(tls, text) is False:
                        raise OSError("ended")
                except OSError as error:
                    print(error, file=sys.stderr)
                    result["lost"] += 1
                    del last[tls]
                    continue
                if step is answered:
                    now = time.monotonic()
                    result["longest_ms"] = max(result["longest_ms"],
                                               int((now - last[tls]) * 1000))
                    last[tls] = now
        result["rounds"] += 1
    return result


def plaintext():
    with connect() as plain:
        plain.sendall(b"hello, agent")
        return plain.recv(100) == b"hello, agent"


def arrive():
    result = {"served": 0, "refused": 0, "cut": 0, "plaintext": 0,
              "plaintext_refused": 0, "longest_ms": 0}
    turn = 0
    while not stopped():
        began = time.monotonic()
        turn += 1
        try:
            if turn % 3 == 0:
                result["plaintext" if plaintext() else
                       "plaintext_refused"] += 1
                continue
            with established() as tls:
                if not echo(tls, b"hello gate"):
                    raise OSError("ended")
            result["served"] += 1
        except ConnectionRefusedError:
            result["refused"] += 1
        except OSError as error:
            print(error, file=sys.stderr)
            result["plaintext_refused" if turn % 3 == 0 else "cut"] += 1
        result["longest_ms"] = max(result["longest_ms"],
                                   int((time.monotonic() - began) * 1000))
    return result


def end_of(tls):
    """close_notify is an end; a FIN alone is not one for TLS."""
    try:
        while tls.recv(4096):
            pass
        return "end"
    except ConnectionResetError:
        return "reset"
    except OSError as error:
        return str(error)


def ends():
    """Stopped, the agent reads and accepts nothing more: so states last."""
    live, half_closed, unread = [], [], []
    for group in live, half_closed, unread:
        for _ in range(options.count):
            group.append(established())
            if not echo(group[-1], b"hello gate"):
                sys.exit("no echo")
    begun = [connect() for _ in range(options.count)]
    os.kill(options.agent, signal.SIGSTOP)
    for tls in half_closed:
        # What comes then is not decrypted any more.
        tls.shutdown(socket.SHUT_WR)
    for tls in unread:
        tls.sendall(b"hello gate")
    queued = [established() for _ in range(options.count)]
    time_out = time.monotonic() + TIMEOUT
    while len(queue()) < options.count and time.monotonic() < time_out:
        time.sleep(0.05)
    os.kill(options.agent, signal.SIGKILL)
    result = {name: [end_of(tls) for tls in group] for name, group in
              (("live", live), ("half_closed", half_closed),
               ("queued", queued), ("unread", unread))}
    # Whoever is in its handshake waits for the next agent.
    print("killed", file=sys.stderr, flush=True)
    result["begun"] = []
    for plain in begun:
        tls = context.wrap_socket(plain, server_hostname="localhost")
        result["begun"].append(echo(tls, b"hello gate"))
    return result


def queue():
    shown = subprocess.run([options.ktlsgate, "-j", "conn", "show"],
                           capture_output=True, check=True)
    return [conn for conn in json.loads(shown.stdout)
            if conn["state"] == "queued"]


resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
json.dump({"stay": stay, "arrive": arrive, "ends": ends}[options.what](),
          sys.stdout)
print()
