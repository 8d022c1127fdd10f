#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: judge.py [--times] VALUES RESULTS [TIMES]
Sets what measure.py found into relation, prints the table and writes RESULTS, an
array of objects: figure, path, value, unit, ratio, bound, floor, holds. Ends with 1
when a bound does not hold that is not below its floor.

The ratio of another path is what we take of what it takes; of our own, what the
bound is on. The floor is what that ratio would be if we took nothing but what is not
ours to take away; see Documentation/bench.rst. TIMES has the same figures in
nanoseconds of CPU time, as a second opinion. With --times VALUES are times
themselves, and no bound is judged."""
import json
import sys

from paths import PEERS

OURS = "ktlsgate"
CIPHER = "AES-128-GCM"
KAFKA_CIPHER = "AES-256-GCM"


class Judge:
    def __init__(self, values, are_times, times):
        self.values = values
        self.are_times = are_times
        self.times = times
        self.rows = []

    def paths(self, figure):
        found = self.values.get(figure, {"paths": {}})["paths"]
        return {path: value for path, value in found.items()
                if value is not None}

    def best(self, figure):
        """The best of the peers that have a value: its name and value."""
        peers = {path: value for path, value in self.paths(figure).items()
                 if path in PEERS}
        if not peers:
            return None, None
        name = min(peers, key=peers.get)
        return name, peers[name]

    def row(self, figure, path, value, unit, ratio=None, bound=None, most=True,
            floor=None):
        holds = None
        if self.are_times:
            bound = None
        if bound is not None and ratio is not None:
            holds = ratio <= bound if most else ratio >= bound
        limit = bound if bound is None else f"{'<=' if most else '>='} {bound}"
        self.rows.append({
            "figure": figure, "path": path, "value": value, "unit": unit,
            "ratio": None if ratio is None else round(ratio, 3),
            "bound": limit,
            "floor": None if floor is None else round(floor, 3), "holds": holds,
            "below_floor": None if None in (bound, floor) else bound < floor,
            "ns": self.time(figure, path)})

    def time(self, figure, path):
        found = self.times.get(figure, {"unit": "", "paths": {}})
        value = found["paths"].get(path)
        if value is None or "ns" not in found["unit"]:
            return None
        return value * (1000 if found["unit"].startswith("1000 ") else 1)

    def plain(self, figure, than_ours=True):
        """A row for each path, without a bound."""
        unit = self.values[figure]["unit"]
        ours = self.paths(figure).get(OURS)
        for path, value in self.values[figure]["paths"].items():
            ratio = None
            if than_ours and ours is not None and value and path != OURS:
                ratio = ours / value
            self.row(figure, path, value, unit, ratio)

    def against(self, figure, path, bound, floor=None):
        ours, theirs = (self.paths(figure).get(p) for p in (OURS, path))
        if ours is not None and theirs:
            self.row(f"{figure} / {path}", OURS, ours,
                     self.values[figure]["unit"], ours / theirs, bound,
                     floor=floor and floor / theirs)

    def against_peers(self, figure, bound, floor=None):
        self.against(figure, self.best(figure)[0], bound, floor)

    def aead(self, direction, cipher=CIPHER):
        return self.paths(f"aead-{direction} {cipher}").get("flat")

    def ciphered(self, figure, aead):
        """What nobody gets below who has the kernel encrypt or decrypt."""
        plaintext = self.paths(figure).get("plaintext")
        return plaintext and aead and plaintext + aead

    def passed(self, figure):
        """The least helper's, and a message to the kernel. A gate resumes with
        X25519 whatever the session began with."""
        resumed_with = figure.replace("X25519MLKEM768", "X25519")
        if figure.startswith("resumed ") and resumed_with in self.values:
            figure = resumed_with
        passed = self.paths(figure).get("openssl-passed")
        message = self.paths("netlink").get("refused")
        return passed and message and passed + message

    def over_floor(self, figure, direction, bound):
        """What we add to plaintext, in units of the AEAD alone."""
        paths = self.paths(figure)
        floor = self.aead(direction)
        if floor and OURS in paths and "plaintext" in paths:
            added = paths[OURS] - paths["plaintext"]
            self.row(f"({figure} - plaintext) / AEAD", OURS, added,
                     self.values[figure]["unit"], added / floor, bound, floor=1)

    def connections(self):
        for figure in self.values:
            if not figure.startswith(("full ", "resumed ")):
                continue
            self.plain(figure)
            floor = self.passed(figure)
            self.against_peers(figure, 0.90, floor)
            self.against(figure, "openssl-ktls", 1.03, floor)
        for group in "X25519", "X25519MLKEM768":
            full = self.paths(f"full mTLS P-256 {group}").get(OURS)
            resumed = self.paths(f"resumed mTLS {group}").get(OURS)
            if full and resumed:
                floor = self.passed(f"resumed mTLS {group}")
                self.row(f"resumed / full mTLS {group}", OURS, resumed,
                         self.values[f"resumed mTLS {group}"]["unit"],
                         resumed / full, 0.38, floor=floor and floor / full)

    def transfer(self):
        if "fetch-1M" in self.values:
            self.plain("fetch-1M")
            floor = self.ciphered("fetch-1M", self.aead("seal"))
            self.against_peers("fetch-1M", 0.68, floor)
            self.against("fetch-1M", "openssl-ktls", 1.01, floor)
            self.over_floor("fetch-1M", "seal", 1.25)
        for figure in "produce-1M", "produce-16K":
            if figure in self.values:
                self.plain(figure)
                self.against_peers(figure, 0.60,
                                   self.ciphered(figure, self.aead("open")))
        for figure, bound in (("request-1K", 0.50), ("request-1K-p50", None),
                              ("request-1K-p99", None)):
            if figure in self.values:
                self.plain(figure)
                self.against_peers(figure, bound)

    def wakeups(self):
        for figure in self.values:
            if figure.startswith("wakeups "):
                value = self.paths(figure)[OURS]
                self.row(figure, OURS, value, "wakeups/record", value, 0)

    def idle(self):
        paths = self.paths("idle")
        plaintext = paths.get("plaintext")
        if plaintext is None:
            return
        passed = paths.get("openssl-passed")
        for path, value in paths.items():
            over = value - plaintext
            if path == OURS:
                self.row("idle over plaintext", path, over, "KiB", over, 4,
                         floor=passed and passed - plaintext)
            elif path != "plaintext":
                self.row("idle over plaintext", path, over, "KiB",
                         (paths[OURS] - plaintext) / over
                         if OURS in paths else None)
        self.plain("idle-user", than_ours=False)

    def lowat(self):
        for figure in self.values:
            if " lowat " not in figure:
                continue
            self.plain(figure, than_ours=False)
            base = self.paths(figure.rpartition(" ")[0] + " default").get(OURS)
            ours = self.paths(figure).get(OURS)
            if base and ours and not figure.endswith(" default"):
                self.row(f"{figure} / default", OURS, ours,
                         self.values[figure]["unit"], ours / base, 0.80,
                         most=False)

    def kafka(self):
        aead = self.aead("seal", KAFKA_CIPHER)
        sent = self.paths("kafka-sent").get(OURS)
        for figure, bound in ("kafka-cold", 0.22), ("kafka-warm", 0.60):
            if figure in self.values:
                self.plain(figure)
                self.against(figure, "kafka-ssl", bound, self.ciphered(
                    figure, aead and sent and sent * aead))

    def all(self):
        for figure in self.values:
            if figure.startswith(("aead-", "netlink", "kafka-sent",
                                  "kafka-cold-compilers")):
                self.plain(figure, than_ours=False)
        self.transfer()
        self.wakeups()
        self.connections()
        self.idle()
        self.lowat()
        self.kafka()


def number(value):
    return "-" if value is None else f"{value:.4g}"


def table(rows):
    print(f"\n{'figure':<44} {'path':<12} {'value':>9}  {'unit':<24} {'ns':>9} "
          f"{'ratio':>6} {'floor':>6}  bound")
    before = None
    for row in rows:
        verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[row["holds"]]
        if row["holds"] is False and row["below_floor"]:
            verdict = "does not hold, below the floor"
        print(f"{'' if row['figure'] == before else row['figure']:<44} "
              f"{row['path']:<12} {number(row['value']):>9}  {row['unit']:<24} "
              f"{number(row['ns']):>9} {number(row['ratio']):>6} "
              f"{'' if row['floor'] is None else number(row['floor']):>6}  "
              f"{row['bound'] or '':<8} {verdict}")
        before = row["figure"]


def read(path):
    with open(path) as file:
        return json.load(file)


def main():
    arguments = sys.argv[1:]
    are_times = arguments[0] == "--times"
    if are_times:
        arguments.pop(0)
    times = read(arguments[2]) if len(arguments) > 2 else {}
    judge = Judge(read(arguments[0]), are_times, times)
    judge.all()
    table(judge.rows)
    with open(arguments[1], "w") as file:
        json.dump(judge.rows, file, indent=1)
        file.write("\n")
    if are_times:
        sys.exit(0 if judge.rows else 1)
    holding = [row for row in judge.rows if row["holds"]]
    broken = [row for row in judge.rows if row["holds"] is False]
    missed = [row for row in broken if not row["below_floor"]]
    print(f"\n{len(holding)} bounds hold, {len(broken)} do not, "
          f"{len(broken) - len(missed)} of them below their floors")
    sys.exit(0 if holding and not missed else 1)


if __name__ == "__main__":
    main()
