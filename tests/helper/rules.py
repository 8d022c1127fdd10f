#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Mapping rules and names, a tab between: Kafka's own cases and all pairs of
them with more."""
RULES = [
    "DEFAULT", "RULE:^CN=(.*?),.*$/$1/", "RULE:^CN=(.*?),OU=(.*?),O=.*$/$1@$2/",
    "RULE:^CN=(.*?), OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L",
    "RULE:^cn=(.*?),ou=(.*?),dc=(.*?),dc=(.*?)$/$1@$2/U",
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/,RULE:^CN=(.*?),OU=(.*?),O=(.*?),"
    "L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L,RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/L"
    ",DEFAULT",
    "RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/L", "RULE:^CN=([^,]+).*$/$1/U",
    "RULE:^CN=(.*?),.*$/$1/ , DEFAULT", " DEFAULT ", "RULE:^CN=(.*?),.*$/$1/,",
    "RULE:^CN=(.*)$/a\\,b$1/", "RULE:^CN=(.*)$/$1\\/x/", "RULE:.*/x/",
    "RULE:(.*)/<$1>/", "RULE:CN=(.*)/$0/", "RULE:CN=(.*)/$1$2/",
    "RULE:CN=(.*)/$10/", "RULE:CN=(.*)/$123/", "RULE:CN=(.*)/\\$1/",
    "RULE:CN=(a)?(.*)/[$1][$2]/", "RULE:CN=.*/\\$1/", "RULE:CN=(.*)//",
    "RULE:^CN=(.*?)\\\\,(.*)$/$1-$2/", "RULE:(?i)cn=(.*)/$1/",
    "RULE:[^,]*,?.*/y/", "RULE:a*/z/,DEFAULT", "RULE:(C)(N)=.*/$2$1/L",
    # wrong ones
    "", "default", "DEFAULT/L", "RULE:", "RULE:^CN=(.*?),.*$", "RULE:a/b/LU",
    "RULE:a/b/X", "RULE:a/b", "RULE:^CN=(.*?),.*$/$1/L/U", "RULE:a/b/c/L,DEFAULT",
    "RULE:(/b/", "RULE:CN=(.*)/$/", "RULE:CN=.*/$1/", "RULE:CN=(.*)/$x/", "nonsense",
    "RULE:^CN=(.*?),.*$/$1/ x", "DEFAULT,nonsense",
]
NAMES = [
    "CN=payments,O=ACME", "CN=Duke,OU=ServiceUsers,O=Org,C=US",
    "CN=duke, OU=JavaSoft,O=Sun,L=Here,ST=CA,C=US",
    "CN=duke,OU=JavaSoft,O=Sun,L=Here,ST=CA,C=US", "cn=kafka1,ou=SME,dc=ab,dc=c",
    "CN=Administrator.Admin,OU=x,O=y", "CN=a\\,b,O=c", "CN=aaa", "CN=", "O=x",
    "CN=Grüße,O=ÄÖ", "CN=日本,O=x", "CN=a/b,O=c", "CN=$1,O=\\\\",
]
for rules in RULES:
    for name in NAMES:
        print(rules + "\t" + name)
