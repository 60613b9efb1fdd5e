"""Pages with generated tables: every command that a page gives writes what the page has already."""

import contextlib
import glob
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench" / "report"))

import report  # noqa: E402

PAGES = {"docs/performance.md": {"overview"}, "bench/results/cpu.md": {"cpu"}, "bench/results/gpu.md": {"record"},
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


def files(root):
    return {path.relative_to(root): path.read_bytes() for folder in ("docs", "bench/results")
            for path in (root / folder).rglob("*") if path.is_file()}


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
            before = files(copy)
            for page in PAGES:
                for arguments in commands_of(page):
                    if arguments[0] not in BUILT:
                        report.main(expanded(arguments))
            after = files(copy)
        changed = sorted(str(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        self.assertEqual(changed, [], "write them anew, with the commands that the pages give")


if __name__ == "__main__":
    unittest.main()
