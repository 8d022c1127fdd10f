#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: plot.py VALUES FOLDER
A PNG for each group of figures that VALUES has, drawn by gnuplot: bars, a cluster
for each figure and a bar for each path."""
import json
import subprocess
import sys

# File, title, unit, which figures.
GROUPS = [
    ("transfer", "Whole server side, instructions a byte",
     lambda f: f in ("fetch-1M", "produce-1M", "produce-16K")),
    ("request", "1 KiB request and response, instructions",
     lambda f: f.startswith("request-1K")),
    ("full", "Full connection with one echo, 1000 instructions",
     lambda f: f.startswith("full ")),
    ("resumed", "Resumed connection with one echo, 1000 instructions",
     lambda f: f.startswith("resumed ")),
    ("idle", "An idle connection, KiB, client's socket included",
     lambda f: f == "idle"),
    ("lowat", "Fetch by sendfile, bytes in 1000 instructions",
     lambda f: " lowat " in f),
    ("kafka", "Consuming from Apache Kafka, instructions a byte",
     lambda f: f in ("kafka-cold", "kafka-warm")),
    ("aead", "The kernel's AEAD alone, instructions a byte",
     lambda f: f.startswith("aead-")),
]

# The same in all of them; what has no path's name gets gnuplot's.
COLORS = {
    "plaintext": "#bbbbbb", "ktlsgate": "#d62728", "openssl-ktls": "#1f77b4",
    "openssl-passed": "#6baed6", "openssl": "#c6dbef", "haproxy": "#2ca02c",
    "nginx": "#98df8a", "nginx-ktls": "#006d2c", "stunnel": "#ff7f0e",
    "hitch": "#9467bd", "go": "#17becf",
}


def draw(name, title, figures, values, folder):
    paths = []
    for figure in figures:
        paths += [p for p in values[figure]["paths"] if p not in paths]
    with open(f"{folder}/{name}.data", "w") as data:
        print("figure", *paths, file=data)
        for figure in figures:
            found = values[figure]["paths"]
            row = [found.get(path) for path in paths]
            print(f'"{figure}"', *("?" if v is None else v for v in row),
                  file=data)
    bars = ", ".join(
        f'"{folder}/{name}.data" using {i}:xtic(1) title "{path}"' +
        (f' lc rgb "{COLORS[path]}"' if path in COLORS else "")
        for i, path in enumerate(paths, 2))
    width = max(900, 60 * len(figures) * max(3, len(paths) // 2))
    subprocess.run(["gnuplot"], text=True, check=True, input=f"""
set terminal pngcairo noenhanced size {min(width, 2400)},600
set output "{folder}/{name}.png"
set title "{title}"
set datafile missing "?"
set style data histogram
set style histogram clustered gap 2
set style fill solid 0.8 border -1
set yrange [0:*]
set grid ytics
set key outside right
set xtics rotate by -20
plot {bars}
""")


def main():
    with open(sys.argv[1]) as file:
        values = json.load(file)
    for name, title, match in GROUPS:
        figures = [figure for figure in values if match(figure) and
                   any(v is not None for v in values[figure]["paths"].values())]
        if figures:
            draw(name, title, figures, values, sys.argv[2])
            print(f"{sys.argv[2]}/{name}.png")


if __name__ == "__main__":
    main()
