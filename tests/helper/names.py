#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Names as DER in hexadecimal, one a line: those that are known to be hard,
then random ones. The seed is printed to stderr and may be given."""
import random
import sys

seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
print("seed", seed, file=sys.stderr)
rng = random.Random(seed)

UTF8, NUMERIC, PRINTABLE, T61, IA5, VISIBLE, UNIVERSAL, BMP = (
    12, 18, 19, 20, 22, 26, 28, 30)
KNOWN = {"CN": "2.5.4.3", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8",
         "STREET": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11",
         "DC": "0.9.2342.19200300.100.1.25",
         "UID": "0.9.2342.19200300.100.1.1"}
OTHER = ["1.2.840.113549.1.9.1", "2.5.4.5", "2.5.4.4", "2.5.4.12", "2.5.4.42",
         "2.5.4.46", "1.3.6.1.4.1.99999.1", "2.999.1", "1.2.3.4.5.4294967295"]


def tlv(tag, body):
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    body = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        part = bytes([arc & 127])
        while arc > 127:
            arc >>= 7
            part = bytes([arc & 127 | 128]) + part
        body += part
    return tlv(6, body)


def entry(kind, tag, value):
    return tlv(48, oid(KNOWN.get(kind, kind)) + tlv(tag, value))


def name(*rdns):
    """Each RDN is a list of entries; DER sorts them."""
    return tlv(48, b"".join(tlv(49, b"".join(sorted(rdn))) for rdn in rdns))


def utf8(kind, text):
    return entry(kind, UTF8, text.encode())


def hard():
    yield name()
    yield name([utf8("CN", "payments")], [utf8("O", "ACME")])
    yield name([utf8("O", "ACME, Inc.")], [utf8("CN", "a+b=c<d>e;f\"g\\h#i")])
    for text in ("", " ", "  ", " lead", "trail ", " both ", "#hash", "a#b",
                 "\r", "\rx\r", "\tx\t", "\n", "x\ny", "\0", "a\0b", "\x7f",
                 "grüße", "日本", "🐘", "e\u0301", "\ufffd", "\u2028", "\ufeff",
                 "=", "==", "\\", "\\,", "a\u00a0", "\u3000x", "'()+,-./:=?"):
        yield name([utf8("CN", text)])
        yield name([utf8("CN", text)], [utf8("O", text), utf8("OU", text)])
    for raw in (b"\xff", b"\xc3", b"\xc3\x28", b"\xe2\x82", b"\xe2\x28\xa1",
                b"\xf0\x9f\x90", b"\xf0\x28\x8c\xbc", b"\xed\xa0\x80",
                b"\xed\xa0\x80x", b"\xc0\x80", b"\xf5\x80\x80\x80",
                b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80",
                b"a\x80b", b"\xed\xa0", b"\xf8\x88\x80\x80\x80"):
        for tag in (UTF8, T61, IA5):
            yield name([entry("CN", tag, raw)])
            yield name([entry("CN", tag, raw + b" tail")])
    for tag in (PRINTABLE, T61, IA5, NUMERIC, VISIBLE, 27):
        yield name([entry("CN", tag, b"123 456")])
    yield name([entry("CN", BMP, "Büro".encode("utf-16-be"))])
    yield name([entry("CN", UNIVERSAL, "Büro".encode("utf-32-be"))])
    for other in OTHER:
        yield name([utf8(other, "x")], [utf8("CN", "y")])
    yield name([utf8("CN", "b"), utf8("CN", "a"), utf8("OU", "z")])
    yield name([utf8("CN", "n%d" % number) for number in range(30)])
    yield name(*([utf8("OU", "unit %d" % number)] for number in range(200)))
    yield name([utf8("CN", "x" * 4000)])


def any_value():
    tag = rng.choice([UTF8] * 6 + [PRINTABLE, T61, IA5, BMP, NUMERIC])
    way = rng.randrange(4)
    if way == 0:
        text = "".join(rng.choice(" ,=+<>#;\"\\\r\0aZ9é") for _ in range(
            rng.randrange(12)))
    elif way == 1:
        text = "".join(chr(rng.choice([rng.randrange(0x20, 0x7f),
                                       rng.randrange(0xa0, 0x800),
                                       rng.randrange(0x800, 0xd800),
                                       rng.randrange(0x10000, 0x110000)]))
                       for _ in range(rng.randrange(10)))
    elif way == 2:
        return tag, bytes(rng.randrange(256) for _ in range(
            2 * rng.randrange(6)))
    else:
        return tag, bytes(rng.choice(b"\xe2\x82\xac\xf0\x9f\x90\x98\xed\xa0\x80"
                                     b"\xc3\xa9 a") for _ in range(
            2 * rng.randrange(7)))
    if tag == BMP:
        return tag, text.encode("utf-16-be", "surrogatepass")
    return tag, text.encode()


def any_name():
    rdns = []
    for _ in range(1 + rng.randrange(4)):
        rdns.append([entry(rng.choice(list(KNOWN) * 2 + OTHER), *any_value())
                     for _ in range(rng.choice([1, 1, 1, 2, 3]))])
    return name(*rdns)


for der in hard():
    print(der.hex())
for _ in range(count):
    print(any_name().hex())
