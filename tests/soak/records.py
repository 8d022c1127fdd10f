#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records that tell of themselves whether one of them is missing.

records.py make TOPIC RATE COUNT     prints records, RATE a second, until
                                     SIGTERM; how many is in the file COUNT
records.py check TOPIC STATE         reads what a consumer of TOPIC got and keeps
                                     the account in the file STATE

A record is a line: its topic, its number from 0 on, filling, and the SHA-256 of
all that. A topic has one partition and one producer, so that its records are in
the order of their numbers. A consumer prints them as Kafka's console consumer
does, with partition and offset before each. What is read again from the log has
the offset it had before, what was written twice has another one: the first is
`redelivered` when another run of the consumer got it, and `duplicated` like the
second when it was the same run.
"""
import hashlib
import json
import os
import random
import re
import select
import signal
import sys
import time

FILLING = 900
LINE = re.compile(rb"Partition:(\d+)\tOffset:(\d+)\t(.*)", re.DOTALL)
SAVE_AFTER = 0.5


def digest(text):
    return hashlib.sha256(text).hexdigest().encode()[:32]


def record(topic, number, block):
    start = number * 97 % (len(block) - FILLING)
    text = b"%s %d %s" % (topic, number, block[start:start + FILLING])
    return text + b" " + digest(text)


def filling():
    return bytes(random.Random(0).choices(range(ord("a"), ord("z") + 1),
                                          k=1 << 16))


def number_of(topic, line):
    """The number of a record, or None: it is not one of this topic."""
    text, _, checksum = line.rpartition(b" ")
    parts = text.split(b" ", 2)
    if (checksum != digest(text) or len(parts) != 3 or parts[0] != topic or
            not parts[1].isdigit()):
        return None
    return int(parts[1])


def save(path, what):
    with open(path + ".new", "w", encoding="ascii") as file:
        json.dump(what, file)
        file.write("\n")
    os.replace(path + ".new", path)


def make(topic, rate, path):
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    block, count, began = filling(), 0, time.monotonic()
    saved = began
    save(path, 0)
    while not ended:
        # What could not be written in time is not made up for.
        for _ in range(max(1, rate // 20)):
            sys.stdout.buffer.write(record(topic, count, block) + b"\n")
            count += 1
        sys.stdout.buffer.flush()
        now = time.monotonic()
        if now - saved > SAVE_AFTER:
            save(path, count)
            saved = now
        began = max(began + 1 / 20, now - 1)
        time.sleep(max(0, began - now))
    save(path, count)


class Account:
    """What one consumer got, over all its runs."""

    def __init__(self, topic, path):
        self.topic, self.path = topic, path
        self.said = 0
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                self.state = json.load(file)
        else:
            self.state = {"records": 0, "next_offset": 0, "next_number": 0,
                          "missing": [], "duplicated": 0, "corrupted": 0,
                          "redelivered": 0, "reordered": 0, "runs": 0}
        self.state["runs"] += 1
        self.run_offset = 0     # the next one of this run

    def complain(self, what, line):
        """The first ones are worth to be looked at."""
        self.said += 1
        if self.said <= 20:
            print(what, line[:100], file=sys.stderr, flush=True)

    def line(self, line):
        match = LINE.fullmatch(line)
        number = match and number_of(self.topic, match[3])
        if number is None or match[1] != b"0":
            self.state["corrupted"] += 1
            self.complain("corrupted", line)
            return
        offset = int(match[2])
        self.state["records"] += 1
        if offset < self.run_offset:
            self.state["duplicated"] += 1
            self.complain("read twice", line)
        elif offset < self.state["next_offset"]:
            self.state["redelivered"] += 1
        else:
            self.number(number, line)
        self.run_offset = max(self.run_offset, offset + 1)
        self.state["next_offset"] = max(self.state["next_offset"],
                                        self.run_offset)

    def number(self, number, line):
        """Of a record at an offset that is new."""
        state = self.state
        if number >= state["next_number"]:
            if number > state["next_number"]:
                state["missing"].append([state["next_number"], number])
                self.complain("a gap before", line)
            state["next_number"] = number + 1
            return
        for gap in state["missing"]:
            if gap[0] <= number < gap[1]:
                state["missing"].remove(gap)
                state["missing"] += [part for part in
                                     ([gap[0], number], [number + 1, gap[1]])
                                     if part[0] < part[1]]
                state["reordered"] += 1
                self.complain("out of order", line)
                return
        state["duplicated"] += 1
        self.complain("written twice", line)

    def save(self):
        save(self.path, self.state)


def check(topic, path):
    account = Account(topic, path)
    rest, saved = b"", 0.0
    account.save()
    while True:
        # Who waits for the last record looks into the file.
        if select.select([0], [], [], SAVE_AFTER)[0]:
            data = os.read(0, 1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                account.line(line)
        if time.monotonic() - saved > SAVE_AFTER:
            account.save()
            saved = time.monotonic()
    # A line without its end is that of a consumer that was stopped meanwhile.
    account.save()


def main():
    what, topic, *rest = sys.argv[1:]
    if what == "make":
        make(topic.encode(), int(rest[0]), rest[1])
    elif what == "check":
        check(topic.encode(), rest[0])
    else:
        sys.exit(__doc__)


main()
