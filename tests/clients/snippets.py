#!/usr/bin/env python3
"""Puts the tested examples into docs/clients.md: snippets.py [--check]

In the page, <!-- snippet: FILE NAME --> stands before a code block. The block becomes what stands in FILE
between [docs:NAME] and [docs:end]. --check fails instead of writing."""

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "clients.md"
BLOCK = re.compile(r"(<!-- snippet: (\S+) (\S+) -->\n```(\w+)\n)(.*?)(```\n)", re.DOTALL)


def snippet(file, name):
    text = (ROOT / file).read_text(encoding="utf-8")
    match = re.search(rf"^[^\n]*\[docs:{name}\][^\n]*\n(.*?)^[^\n]*\[docs:end\]", text, re.DOTALL | re.MULTILINE)
    if match is None:
        sys.exit(f"{file} has no [docs:{name}] … [docs:end]")
    return textwrap.dedent(match[1]).strip("\n") + "\n"


def main():
    page = PAGE.read_text(encoding="utf-8")
    fresh = BLOCK.sub(lambda m: m[1] + snippet(m[2], m[3]) + m[6], page)
    if page.count("<!-- snippet: ") != len(BLOCK.findall(page)):
        sys.exit(f"{PAGE.name}: a snippet's comment is not followed by a code block")
    if sys.argv[1:] == ["--check"]:
        if fresh != page:
            sys.exit("docs/clients.md is stale; run tests/clients/snippets.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
