"""Compares a program's output with the output that a page shows."""

import re

import pages
import programs

ROUNDING = re.compile(r"\b\d(?:\.\d+)?e-(\d\d)\b")  # such as "max |rondo - keras| = 6.6e-07"


def pattern_of(shown):
    """A regular expression for shown output: "..." stands for anything."""
    lines = [line.rstrip() for line in shown.strip("\n").splitlines()]
    return re.compile(r"[^\x00]*?".join(re.escape(part) for part in "\n".join(lines).split("...")))


def agrees(shown, printed):
    """Whether output is what a page shows, apart from blanks at the ends of lines."""
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    return pattern_of(shown).fullmatch("\n".join(lines)) is not None


def missing_lines(shown, printed):
    """Lines of `shown` that `printed` lacks or has in another order. Only the exponent of a rounding error counts, because
    its digits depend on the machine."""
    shown, printed = (ROUNDING.sub(r"e-\1", text) for text in (shown, printed))
    at, missing = 0, []
    for line in shown.splitlines():
        found = printed.find(line.strip(), at)
        if found < 0:
            missing.append(line)
        else:
            at = found + len(line.strip())
    return missing


def outputs(printed):
    """The output of each block of a page, by its number."""
    parts = printed.split(programs.MARK)[1:]
    return {int(number): text for number, _, text in (part.partition("\n") for part in parts)}


def complaints(blocks, printed):
    """The places where a page shows other output behind a block of C++ than the block prints."""
    by_block = outputs(printed)
    found = []
    for number, block in enumerate(blocks):
        before = pages.shown_before(blocks, number)
        if block.language != "text" or before is None or blocks[before].language != "cpp":
            continue
        came = by_block.get(before, "")
        if not agrees(block.text, came):
            found.append(f"{block.place}: the page shows\n{block.text}and the program prints\n{came}")
    return found
