#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A plaintext echo agent that tells what it accepts, one line each."""
import argparse
import ctypes
import os
import selectors
import socket

arguments = argparse.ArgumentParser()
arguments.add_argument("--port", type=int, default=9092)
arguments.add_argument("--family", choices=["4", "6", "dual"], default="dual")
arguments.add_argument("--backlog", type=int, default=128)
arguments.add_argument("--no-accept", action="store_true",
                       help="listen only")
arguments.add_argument("--quiet", action="store_true",
                       help="do not tell what is read")
arguments.add_argument("--library",
                       help="libktlsgate.so: tell who the client is")
options = arguments.parse_args()

family = socket.AF_INET if options.family == "4" else socket.AF_INET6
listener = socket.socket(family, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if family == socket.AF_INET6:
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY,
                        options.family == "6")
listener.bind(("", options.port))
listener.listen(options.backlog)
print("listening", flush=True)



def tell_identity(descriptor):
    library = ctypes.CDLL(options.library, use_errno=True)
    for what in ("principal", "subject", "issuer", "spiffe_id", "server_name",
                 "gate"):
        ask = getattr(library, "ktlsgate_peer_" + what)
        ask.restype = ctypes.c_char_p
        answer = ask(descriptor)
        if answer is None:
            answer = os.strerror(ctypes.get_errno())
        else:
            answer = answer.decode()
        print(what, answer, flush=True)


selector = selectors.DefaultSelector()
if not options.no_accept:
    selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            try:
                connection, peer = listener.accept()
            except OSError as error:
                # Until a descriptor is free again.
                print("cannot accept", error, flush=True)
                selector.unregister(listener)
                continue
            print("accepted", peer[0], peer[1],
                  connection.getsockname()[1], flush=True)
            if options.library:
                tell_identity(connection.fileno())
            selector.register(connection, selectors.EVENT_READ)
            continue
        try:
            data = key.fileobj.recv(65536)
        except OSError as error:
            print("error", error, flush=True)
            data = b""
        if data:
            if not options.quiet or data.startswith(b"hello, agent"):
                print("read", data[:32], flush=True)
            try:
                key.fileobj.sendall(data)
            except OSError as error:    # killed meanwhile
                print("error", error, flush=True)
                data = b""
        if not data:
            selector.unregister(key.fileobj)
            key.fileobj.close()
            if not options.no_accept and listener not in selector.get_map():
                selector.register(listener, selectors.EVENT_READ)
