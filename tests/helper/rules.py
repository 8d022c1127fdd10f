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
    # those of Kafka's SslPrincipalMapperTest that are not above
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/",
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L, DEFAULT",
    "RULE:^cn=(.?),ou=(.?),dc=(.?),dc=(.?)$/$1@$2/U",
    "RULE:^CN=([^,ADEFLTU,]+)(,.*|$)/$1/", "RULE:^CN=([^,DEFAULT,]+)(,.*|$)/$1/",
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L, RULE:^CN=(.*?),OU=(.*?),O=(.*?),"
    "L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L, RULE:^cn=(.*?),ou=(.*?),dc=(.*?),"
    "dc=(.*?)$/$1@$2/U, RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U, DEFAULT",
    "RULE://", "RULE:/.*/", "RULE:/.*/L", "RULE://,DEFAULT",
    "  RULE:// ,  DEFAULT  ", "  RULE:   /     / ,  DEFAULT  ",
    "  RULE:  /     /U   ,DEFAULT  ",
    "  RULE:([A-Z]*)/$1/U   ,RULE:([a-z]+)/$1/,   DEFAULT  ",
    ",   , , ,      , , ,   ", ",,RULE://,,,DEFAULT,,",
    ",  , RULE: /   /    ,,,   DEFAULT, ,   ",
    "     ,  , RULE:   /  /U    ,,  ,DEFAULT, ,",
    "RULE:\\/\\\\\\(\\)\\n\\t/\\/\\//", "RULE:\\**\\/+/*/L,RULE:\\/*\\**/**/",
    "RULE:,RULE:,/,RULE:,\\//U,RULE:,/RULE:,/,RULE:,RULE:,/L,RULE:,/L,RULE:, "
    "DEFAULT, /DEFAULT/,DEFAULT",
    "RULE:^CN=((\\\\, *|\\w)+)(,.*|$)/$1/,DEFAULT",
    # where Java's expressions are not everyone's
    "RULE:CN=([a-z[A-Z]]+).*/$1/", "RULE:CN=([a-z&&[^p]]+).*/$1/,DEFAULT",
    "RULE:CN=([[:alpha:]]+).*/$1/,DEFAULT", "RULE:CN=([\\[a-z]+).*/$1/",
    "RULE:CN=([]a-z]+).*/$1/", "RULE:CN=([^]a]+).*/$1/", "RULE:CN=([&]+|.*)/$1/",
    "RULE:CN=([a&&b]|.*)/$1/", "RULE:CN=([\\Q[\\E]|.*)/$1/",
    "RULE:\\QCN=\\E(.*)/$1/", "RULE:CN=(\\p{Alpha}+).*/$1/",
    "RULE:CN=(\\p{L}+).*/$1/", "RULE:CN=(\\p{Lower}+).*/$1/",
    "RULE:CN=(\\p{IsAlphabetic}+).*/$1/", "RULE:CN=(\\w+).*/$1/,DEFAULT",
    "RULE:(?i)cn=gr\u00dc(.*)/$1/,DEFAULT", "RULE:(?i)cn=\u212aafka(.*)/x$1/,DEFAULT",
    "RULE:CN=(.*)\\z/$1/", "RULE:(?<name>CN)=(.*)/$2/", "RULE:CN=(?>.*?)(.*)/$1/",
    "RULE:(?=CN)(.*)/$1/", "RULE:(?s)CN=(.*)/$1/", "RULE:(?m)^CN=(.*)$/$1/,DEFAULT",
    "RULE:CN=(.*)/${1}/", "RULE:CN=(.*?)(,|$)(.*)/$1$3/", "RULE:(.*?)/<$1>/",
    "RULE:(\\s*CN=.*)/$1/", "RULE:CN=(\\h|\\v|\\S)*/x/",
    "RULE:CN=(a{1,3}).*/$1/", "RULE:CN=a*+.*/x/", "RULE:((C)N=(.*))\\2?/$3/",
    "RULE:CN=(\\x61+).*/$1/", "RULE:CN=(\\u0061+).*/$1/", "RULE:CN=(\\R|.*)/$1/",
    "RULE:CN=(\\X*)/$1/", "RULE:CN=(.*)#x/$1/,DEFAULT",
    "RULE:(?x)CN = (.*) #x/$1/,DEFAULT", "RULE:\\bCN\\b=(.*)/$1/",
    "RULE:(CN=.*\\b).*/$1/",
    # wrong ones
    "", "default", "DEFAULT/L", "RULE:", "RULE:^CN=(.*?),.*$", "RULE:a/b/LU",
    "RULE:a/b/X", "RULE:a/b", "RULE:^CN=(.*?),.*$/$1/L/U", "RULE:a/b/c/L,DEFAULT",
    "RULE:(/b/", "RULE:CN=(.*)/$/", "RULE:CN=.*/$1/", "RULE:CN=(.*)/$x/", "nonsense",
    "RULE:^CN=(.*?),.*$/$1/ x", "DEFAULT,nonsense", "DEFAUL", "DEFAULT/U",
    "RULE:CN=(.*?),OU=ServiceUsers.*/$1", "rule:^CN=(.*?),OU=ServiceUsers.*$/$1/",
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L/U", "RULE:^CN=(.*?),OU=ServiceUsers.*$/L",
    "RULE:^CN=(.*?),OU=ServiceUsers.*$/U", "RULE:^CN=(.*?),OU=ServiceUsers.*$/LU",
]
NAMES = [
    "CN=payments,O=ACME", "CN=Duke,OU=ServiceUsers,O=Org,C=US",
    "CN=duke, OU=JavaSoft,O=Sun,L=Here,ST=CA,C=US",
    "CN=duke,OU=JavaSoft,O=Sun,L=Here,ST=CA,C=US", "cn=kafka1,ou=SME,dc=ab,dc=c",
    "CN=Administrator.Admin,OU=x,O=y", "CN=a\\,b,O=c", "CN=aaa", "CN=", "O=x",
    "CN=Duke,OU=SME,O=mycp,L=Fulton,ST=MD,C=US", "cn=duke,ou=sme,dc=mycp,dc=com",
    "cN=duke,OU=JavaSoft,O=Sun Microsystems", "OU=JavaSoft,O=Sun Microsystems,C=US",
    "CN=Tkac\\, Adam,OU=ITZ,DC=geodis,DC=cz", "CN=a\u2028b,O=x", "CN=a\u0085b",
    "CN=a\u000bb", "CN=[a],O=x", "CN=&&,O=x", "CN=grü,O=x", "CN=kafka",
    "CN=\u212aafka", "CN=ΟΔΟΣ,O=ς", "CN=İstanbul ŉ ǰ ﬁ", "CN=aaab,O=x#x",
    "CN=aaa ",
    "CN=Grüße,O=ÄÖ", "CN=日本,O=x", "CN=a/b,O=c", "CN=$1,O=\\\\",
]
for rules in RULES:
    for name in NAMES:
        print(rules + "\t" + name)
# Every letter that has another case, alone and at the end of a word.
for code in range(0xa0, 0x1f000):
    letter = chr(code)
    if letter.upper() != letter or letter.lower() != letter:
        for to_case in "UL":
            print("RULE:(?s)(.*)/$1/%s\tCN=%s" % (to_case, letter))
for word in ("ΟΔΟΣ", "ΟΔΟΣ,Σ", "İI", "I\u0307"):
    for to_case in "UL":
        print("RULE:(?s)(.*)/$1/%s\tCN=%s" % (to_case, word))
