"""Links between the pages of the repository: each file and each heading exists. The design pages name existing paths
only."""

import functools
import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDERS = ("docs", "bench", "tests", "examples")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|include|tests|bench|scripts|docs)/[\w./-]*)`")
FEWEST_LINKS = 40


def pages():
    return [*sorted(ROOT.glob("*.md")), *(page for folder in FOLDERS for page in sorted((ROOT / folder).rglob("*.md")))]


def text_of(page):
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


@functools.lru_cache(maxsize=None)
def anchors(page):
    """GitHub's names of the headings of a page. Pages repeat no heading that they link to."""
    titles = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles)


def complaint(page, link):
    """The fault of a link of a page; empty without one."""
    path, _, anchor = link.partition("#")
    target = pathlib.Path(os.path.normpath(page.parent / path)) if path else page
    if not target.exists():
        return f"{page.relative_to(ROOT)}: no file {link}"
    if anchor and anchor not in anchors(target):
        return f"{page.relative_to(ROOT)}: no heading {link}"
    return ""


def links_of(page):
    return [link for link in LINK.findall(text_of(page)) if not re.match(r"[a-z]+:", link)]


class LinksTest(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        links = [(page, link) for page in pages() for link in links_of(page)]
        self.assertGreaterEqual(len(links), FEWEST_LINKS)
        self.assertEqual([text for text in (complaint(*pair) for pair in links) if text], [])

    def test_it_finds_what_is_wrong(self):
        page = ROOT / "docs" / "performance.md"
        wrong = {"design/nothing.md": "no file", "design/cpu.md#nothing": "no heading", "#nothing": "no heading"}
        for link, words in wrong.items():
            self.assertIn(words, complaint(page, link))
        for link in ("design/cpu.md", "design/cpu.md#threads", "#advice", "../README.md"):
            self.assertEqual(complaint(page, link), "")

    def test_paths_of_the_design_pages_exist(self):
        design = sorted((ROOT / "docs" / "design").glob("*.md"))
        named = [(page.name, path) for page in design for path in PATH.findall(page.read_text())]
        self.assertGreaterEqual(len(named), FEWEST_LINKS)
        self.assertEqual([pair for pair in named if not (ROOT / pair[1]).exists()], [])


if __name__ == "__main__":
    unittest.main()
