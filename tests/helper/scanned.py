#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The XML of sslscan as probe.py prints what it found."""
import sys
import xml.etree.ElementTree

test = xml.etree.ElementTree.parse(sys.stdin).getroot().find("ssltest")
for cipher in test.iter("cipher"):
    version = cipher.get("sslversion").removeprefix("TLSv")
    print(version, f'{int(cipher.get("id"), 16):04x}')
for group in test.iter("group"):
    version = group.get("sslversion").removeprefix("TLSv")
    print(version, "group", f'{int(group.get("id"), 16):04x}')
# A version that is on without a suite would not be seen above.
for protocol in test.iter("protocol"):
    if protocol.get("enabled") == "1":
        print("version", protocol.get("version"))
