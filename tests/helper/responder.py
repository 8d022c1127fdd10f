#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A bad OCSP responder: slow, dead, or saying something else."""
import argparse
import os
import socket
import threading
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("--port", type=int, required=True)
arguments.add_argument("--hold", help="answers once this file is there")
arguments.add_argument("--upstream", type=int,
                       help="answers as the responder at this port does")
arguments.add_argument("--answer", help="answers with these bytes (hex)")
options = arguments.parse_args()


def read_request(client):
    """The request's head and the body that it announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(4096)
        if not more:
            return data
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        more = client.recv(4096)
        if not more:
            break
        body += more
        data += more
    return data


def forward(client, request):
    with socket.create_connection(("127.0.0.1", options.upstream)) as other:
        other.sendall(request)
        while True:
            data = other.recv(4096)
            if not data:
                return
            client.sendall(data)


def serve(client):
    with client:
        request = read_request(client)
        print("asked", flush=True)
        while options.hold and not os.path.exists(options.hold):
            time.sleep(0.02)
        try:
            if options.answer:
                client.sendall(bytes.fromhex(options.answer))
            elif options.upstream:
                forward(client, request)
        except OSError:
            pass


with socket.create_server(("127.0.0.1", options.port)) as listener:
    print("listening", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],),
                         daemon=True).start()
