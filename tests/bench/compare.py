#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: compare.py VALUES BASELINE [ONLY]
       compare.py --write VALUES BASELINE
       compare.py --figures
Ends with 1 when a counted figure of ours is more than 3% worse than in BASELINE,
or was not measured though it matches ONLY. What got better by as much is told, so
that the baseline can follow: --write makes a new one of VALUES. --figures prints
the expression of those that are compared."""
import json
import re
import sys

TOLERANCE = 0.03
OURS = "ktlsgate"
# Few enough for CI, and each of the ways that a client's bytes take through us.
FIGURES = (r"^(fetch-1M|produce-1M|produce-16K|request-1K|"
           r"(full|resumed) mTLS (P-256 )?X25519)$")


def ours(values, figure):
    return values.get(figure, {"paths": {}})["paths"].get(OURS)


def read(path):
    with open(path) as file:
        return json.load(file)


def write(values, path):
    baseline = {figure: round(ours(values, figure), 4) for figure in values
                if re.search(FIGURES, figure)}
    with open(path, "w") as file:
        json.dump(baseline, file, indent=1)
        file.write("\n")


def compare(values, baseline):
    """How many passed and how many did not."""
    worse = 0
    for figure, was in baseline.items():
        now = ours(values, figure)
        if now is None:
            worse += 1
            print(f"{figure:<34} {was:10.4g}  not ok, not measured")
            continue
        change = now / was - 1
        word = "ok"
        if change > TOLERANCE:
            word = "not ok, worse"
            worse += 1
        elif change < -TOLERANCE:
            word = "ok, better: write it into the baseline"
        print(f"{figure:<34} {was:10.4g} {now:10.4g} {change:+7.1%}  {word}")
    return len(baseline) - worse, worse


def main():
    arguments = sys.argv[1:]
    if arguments == ["--figures"]:
        print(FIGURES)
        return
    if arguments[0] == "--write":
        write(read(arguments[1]), arguments[2])
        return
    only = arguments[2] if len(arguments) > 2 else ""
    baseline = {figure: was for figure, was in read(arguments[1]).items()
                if re.search(only, figure)}
    passed, failed = compare(read(arguments[0]), baseline)
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
