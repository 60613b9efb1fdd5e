"""The blocks of Python whose output a page of the documentation shows print that output."""

import contextlib
import importlib.util
import io
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown_blocks(page):
    """(code, output) of each block of Python; the output is None where the page shows none."""
    blocks = BLOCK.findall(page.read_text())
    shown = [(text, blocks[k + 1][1] if k + 1 < len(blocks) and blocks[k + 1][0] == "text" else None)
             for k, (language, text) in enumerate(blocks) if language == "python"]
    return shown if any(output is not None for _, output in shown) else []


PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md"))) if shown_blocks(page)]


def test_pages_are_found():
    assert {page.name for page in PAGES} >= {"README.md", "python.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_print_what_the_page_shows(page):
    names = {}
    for code, expected in shown_blocks(page):
        if expected is None or ("import torch" in code and importlib.util.find_spec("torch") is None):
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, page.name, "exec"), names)
        assert printed.getvalue() == expected
