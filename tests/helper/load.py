#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An agent that sends FILE by sendfile to everyone on PORT while it reads what
the client sends, and tells that one's checksum at its end."""
import hashlib
import socket
import sys
import threading

port, path = int(sys.argv[1]), sys.argv[2]


def send(connection):
    try:
        with open(path, "rb") as file:
            connection.sendfile(file)
    except OSError as error:
        print("error", error, flush=True)


def serve(connection):
    sender = threading.Thread(target=send, args=(connection,))
    digest = hashlib.sha256()
    sender.start()
    try:
        while data := connection.recv(65536):
            digest.update(data)
        print("got", digest.hexdigest(), flush=True)
    except OSError as error:
        print("error", error, flush=True)
    sender.join()
    connection.close()


listener = socket.create_server(("", port), family=socket.AF_INET6,
                                dualstack_ipv6=True, backlog=128)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],)).start()
