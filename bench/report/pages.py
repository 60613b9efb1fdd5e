#!/usr/bin/env python3
"""Writes the pages with generated tables anew, by the commands of report.py that the pages give.

    pages.py

It works on the repository that it belongs to. Commands that need the output of rondo_bench are left out.
"""

import glob
import os
import pathlib
import re

import report

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = {"docs/performance.md": {"overview", "figures"}, "bench/results/cpu.md": {"cpu"}, "bench/results/gpu.md": {"record"},
         "bench/results/predictions.md": {"predict", "model", "plans"}, "bench/results/torch_modules.md": {"modules"}}
BUILT = {"plans"}  # commands that need the output of rondo_bench


def commands_of(page):
    """The arguments of report.py in each line of a page's code that begins with it."""
    text = (ROOT / page).read_text().replace("\\\n", " ")
    lines = re.findall(r"^(?:python3 )?bench/report/report\.py (.+?)(?: +#.*)?$", text, re.MULTILINE)
    return [line.split() for line in lines]


def expanded(arguments):
    """The arguments as a shell expands them in the working folder."""
    return [path for word in arguments for path in (sorted(glob.glob(word)) or [word])]


def write_pages():
    """Writes the pages of the working folder, which has a copy of the repository or is it."""
    for page in PAGES:
        for arguments in commands_of(page):
            if arguments[0] not in BUILT:
                report.main(expanded(arguments))


if __name__ == "__main__":
    os.chdir(ROOT)
    write_pages()
