# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests of the netlink family, encoded from its YAML spec.

Only what the tests of the command line need that the command itself cannot
do: handoffs and refusals with an identity of their choice.
"""

import os
import socket
import struct

import yaml

SPEC = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../Documentation/netlink/specs/ktlsgate.yaml")

NETLINK_GENERIC = 16
NLM_F_REQUEST = 1
NLM_F_ACK = 4
NLMSG_ERROR = 2
GENL_ID_CTRL = 16
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2
SOL_NETLINK = 270
NETLINK_EXT_ACK = 11
NLA_F_NESTED = 0x8000
SCALARS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "s32": "i"}


def attr(kind, payload):
    head = struct.pack("HH", 4 + len(payload), kind)
    return head + payload + bytes(-len(payload) % 4)


def attrs(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


class Family:
    def __init__(self):
        with open(SPEC, encoding="utf-8") as file:
            spec = yaml.safe_load(file)
        self.sets = {s["name"]: s["attributes"]
                     for s in spec["attribute-sets"]}
        self.enums = {d["name"]: d.get("entries", [])
                      for d in spec["definitions"]}
        operations = spec["operations"]["list"]
        self.commands = {o["name"]: (number, o.get("attribute-set"))
                         for number, o in enumerate(operations, 1)}
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.seq = 0
        name = attr(CTRL_ATTR_FAMILY_NAME, spec["name"].encode() + b"\0")
        reply = self.transact(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, name)
        self.family = next(struct.unpack("H", data)[0]
                           for kind, data in attrs(reply)
                           if kind == CTRL_ATTR_FAMILY_ID)

    def transact(self, kind, command, payload):
        self.seq += 1
        body = struct.pack("BBH", command, 1, 0) + payload
        self.sock.send(struct.pack("IHHII", 16 + len(body), kind,
                                   NLM_F_REQUEST | NLM_F_ACK, self.seq, 0)
                       + body)
        reply = b""
        while True:
            data = self.sock.recv(1 << 20)
            while data:
                length, kind = struct.unpack_from("IH", data)
                if kind == NLMSG_ERROR:
                    error = struct.unpack_from("i", data, 16)[0]
                    if error:
                        raise OSError(-error, os.strerror(-error))
                    return reply
                reply = data[20:length]
                data = data[(length + 3) & ~3:]

    def entry(self, name, word):
        for value, item in enumerate(self.enums[name]):
            if word == (item["name"] if isinstance(item, dict) else item):
                return value
        raise KeyError(word)

    def encode(self, attribute_set, values):
        out = b""
        for number, a in enumerate(self.sets[attribute_set], 1):
            if a["name"] not in values:
                continue
            value = values[a["name"]]
            kind = a["type"]
            if kind == "nest":
                number |= NLA_F_NESTED
                data = self.encode(a["nested-attributes"], value)
            elif kind == "string":
                data = os.fsencode(value) + b"\0"
            elif kind == "flag":
                data = b""
            elif kind == "binary":
                data = value
            else:
                if isinstance(value, str):
                    value = self.entry(a["enum"], value)
                data = struct.pack(SCALARS[kind], value)
            out += attr(number, data)
        unknown = set(values) - {a["name"] for a in self.sets[attribute_set]}
        if unknown:
            raise KeyError(f"{attribute_set} has no {unknown}")
        return out

    def decode(self, attribute_set, data):
        out = {}
        for kind, payload in attrs(data):
            a = self.sets[attribute_set][kind - 1]
            if a["type"] in SCALARS:
                payload = struct.unpack(SCALARS[a["type"]], payload)[0]
            out[a["name"]] = payload
        return out

    def request(self, operation, values):
        command, attribute_set = self.commands[operation]
        reply = self.transact(self.family, command,
                              self.encode(attribute_set, values))
        return self.decode(attribute_set, reply)
