"""Pages with generated tables: every command that a page gives writes what the page has already."""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench" / "report"))

from pages import PAGES, commands_of, write_pages  # noqa: E402


def files(root):
    found = [path for folder in ("docs", "bench/results") for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root): path.read_bytes() for path in [*found, root / "README.md"]}


@contextlib.contextmanager
def working_folder(folder):
    home = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(home)


class PagesTest(unittest.TestCase):
    def test_pages_give_the_commands_that_write_them(self):
        for page, names in PAGES.items():
            self.assertEqual({arguments[0] for arguments in commands_of(page)}, names, page)

    def test_writing_them_anew_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder, working_folder(folder):
            copy = pathlib.Path(folder)
            for name in ("docs", "bench/results"):
                shutil.copytree(ROOT / name, copy / name)
            shutil.copy(ROOT / "README.md", copy)
            before = files(copy)
            write_pages()
            after = files(copy)
        changed = sorted(str(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        self.assertEqual(changed, [], "write them anew: bench/report/pages.py")


if __name__ == "__main__":
    unittest.main()
