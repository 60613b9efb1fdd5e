"""Writes numbers, tables and links of reports, and puts them into pages."""

import os
import pathlib

from measurements import FileError


def number(value, digits=3):
    """The value with `digits` significant digits, without an exponent."""
    if value is None:
        return "-"
    text = f"{value:#.{digits}g}"
    return f"{value:.0f}" if "e" in text else text.rstrip(".")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def link_to(path, document):
    """The path of a file relative to the page; without a page, relative to the working folder."""
    home = document.resolve().parent if document else pathlib.Path.cwd()
    return os.path.relpath(path.resolve(), home)


def put_into(document, marker, text):
    """Replaces the text between the two markers named `marker`."""
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    content = document.read_text()
    if content.count(begin) != 1 or content.count(end) != 1 or content.index(begin) > content.index(end):
        raise FileError(f"{document}: expected {begin} and {end}, once each")
    before, rest = content.split(begin)
    document.write_text(before + begin + "\n" + text + "\n" + end + rest.split(end)[1])
