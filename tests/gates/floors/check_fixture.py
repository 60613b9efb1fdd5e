"""Tests that the check of floors finds each fault of fixture/, and no other."""

import pathlib
import sys
import tempfile
import unittest

from check_floors import floors_of, problems_of, size_problems

FIXTURE = pathlib.Path(__file__).resolve().parent / "fixture"


class FixtureTest(unittest.TestCase):
    def test_finds_every_fault_once(self):
        problems, _, _ = problems_of(FIXTURE, floors_of(FIXTURE / "floors.txt"))
        self.assertEqual(sorted(problems), [
            "a loop of includes between folders: src/low -> src/ring -> src/low",
            'include/rondo/lost.h: includes "rondo/missing.h", which is neither in include/ nor in src/',
            "src/low/angle.h: on floor 0, includes src/high/high.h on floor 1",
            "src/low/low.cpp: on floor 0, includes include/rondo/high.h on floor 1",
            "src/nobody/nobody.h: no row of the table covers it",
        ])

    def test_counts_files_and_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            files = [f"file{number}.h" for number in range(41)]
            for name in files:
                (root / name).write_text("\n" * 250)
            self.assertEqual(list(size_problems(root, files)), [".: 41 source files, at most 40"])
            (root / "file7.h").write_text("\n" * 251)
            self.assertEqual(list(size_problems(root, files[:40])), ["file7.h: 251 lines, at most 250"])


if __name__ == "__main__":
    sys.exit(unittest.main())
