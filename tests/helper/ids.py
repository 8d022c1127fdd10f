#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SPIFFE IDs, one a line: verdict, TAB, ID. Each is an example of the
specification, or breaks one sentence of its sections 2 to 2.3."""
S = "spiffe://"
VALID = [
    # the specification's own examples
    S + "trust-domain-name/path",
    S + "staging.example.com/payments/mysql",
    S + "staging.example.com/payments/web-fe",
    S + "k8s-west.example.com/ns/staging/sa/default",
    S + "example.com/9eebccd2-12bf-40a6-b262-65fe0487d453",
    # 2.1: letters, digits, dots, dashes and underscores; no name is special
    S + "trust_domain_name.example.com/x", S + "192.0.2.1/x", S + "-._/x",
    S + "0/x", S + "..", S + "a" * 255 + "/x", S + "example.com",
    # 2.2: the path may have capitals, and dots that are not alone
    S + "example.com/AZaz09.-_", S + "example.com/...", S + "example.com/.a",
    S + "example.com/a..", S + "example.com/a/b/c/d/e/f",
    # 2.3: 2048 bytes in all
    S + "example.com/" + "a" * (2048 - 21),
]
INVALID = [
    "", "spiffe", "spiffe:", "spiffe:/", S, "//example.com/x",
    "example.com/x", "http://example.com/x", "spiffes://example.com/x",
    "spiffe:example.com/x", "spiffe:/example.com/x", " " + S + "example.com/x",
    # 2: query, fragment
    S + "example.com/x?q=1", S + "example.com/x?", S + "example.com/x#f",
    S + "example.com/x#", S + "example.com?q", S + "example.com#f",
    # 2.1: host empty, userinfo, port, capitals, other bytes, percent
    S + "/x", S + "user@example.com/x", S + "user:p@example.com/x",
    S + "@example.com/x", S + "example.com:80/x", S + "example.com:/x",
    S + "Example.com/x", S + "example.COM/x", S + "ex%61mple.com/x",
    S + "exämple.com/x", S + "[2001:db8::1]/x", S + "exa mple.com/x",
    S + "example.com,/x", S + "*.example.com/x",
    # 2.2: percent, empty and relative segments, a '/' at the end, other bytes
    S + "example.com/", S + "example.com//x", S + "example.com/x//y",
    S + "example.com/x/", S + "example.com/.", S + "example.com/..",
    S + "example.com/./x", S + "example.com/x/../y", S + "example.com/x/..",
    S + "example.com/%2e%2e/x", S + "example.com/a%20b", S + "example.com/a b",
    S + "example.com/ü", S + "example.com/a:b", S + "example.com/a@b",
    S + "example.com/a*", S + "example.com/a+b", S + "example.com/a\\b",
    S + "example.com/x ", S + "example.com/a,b=c",
    # 2.3
    S + "a" * 256 + "/x", S + "example.com/" + "a" * (2049 - 21),
]
for verdict, ids in (("valid", VALID), ("invalid", INVALID)):
    for one in ids:
        print(verdict + "\t" + one)
