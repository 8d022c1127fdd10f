#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connects again and again from one source, says nothing, and tells as JSON how
many connections came about and how many were refused."""
import argparse
import json
import socket
import sys

arguments = argparse.ArgumentParser()
arguments.add_argument("source")
arguments.add_argument("count", type=int)
arguments.add_argument("--address", default="127.0.0.1")
arguments.add_argument("--port", type=int, default=9092)
arguments.add_argument("--hold", help="keep them open until this file is written")
options = arguments.parse_args()

result = {"connected": 0, "refused": 0}
held = []
for _ in range(options.count):
    try:
        held.append(socket.create_connection(
            (options.address, options.port), 60, (options.source, 0)))
        result["connected"] += 1
    except ConnectionRefusedError:
        result["refused"] += 1
json.dump(result, sys.stdout)
print(flush=True)
if options.hold:
    with open(options.hold, "rb"):
        pass
