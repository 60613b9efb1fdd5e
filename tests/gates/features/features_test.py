"""docs/features.md: every row has all cells, and names tests and goldens that exist and are not skipped."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "features.md"
CASES = ROOT / "tests" / "agreement" / "golden" / "cases"
TEST = re.compile(r"^(?:TEST|TEST_P|TEST_F|TYPED_TEST)\((\w+), (\w+)\) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
FEWEST_ROWS = 90


def all_tests():
    """{name: body} of every C++ test."""
    tests = {}
    for path in (ROOT / "tests").rglob("*.cpp"):
        for suite, name, body in TEST.findall(path.read_text()):
            tests[f"{suite}.{name}"] = body
    return tests


def rows(markdown):
    """The cells of all rows of all tables, without their heads."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {i for i, row in enumerate(table) if set("".join(row)) <= {"-"}}
    return [row for i, row in enumerate(table) if i not in heads and i + 1 not in heads]


def complaints(row, tests):
    """The faults of a row."""
    if len(row) != 3 or not all(row):
        return [f"not three full cells: {row}"]
    proofs = re.findall(r"`([^`]+)`", row[2])
    if not proofs:
        return [f"no proof: {row[0]}"]
    found = []
    for proof in proofs:
        if proof.startswith("cases/"):
            if not list(CASES.glob(proof.removeprefix("cases/") + ".safetensors")):
                found.append(f"no golden is named {proof}: {row[0]}")
        elif proof not in tests:
            found.append(f"no test is named {proof}: {row[0]}")
        elif "GTEST_SKIP" in tests[proof]:
            found.append(f"{proof} may be skipped: {row[0]}")
    return found


class FeaturesTest(unittest.TestCase):
    def setUp(self):
        self.tests = all_tests()

    def test_every_row_is_proved(self):
        table = rows(PAGE.read_text())
        self.assertGreaterEqual(len(table), FEWEST_ROWS)
        self.assertEqual([complaint for row in table for complaint in complaints(row, self.tests)], [])

    def test_it_finds_what_is_wrong(self):
        for row, word in [
            (["`unroll`", "", "`Rnn.MasksMayHaveAnyDType`"], "full"),
            (["`unroll`", "the same"], "full"),
            (["`unroll`", "the same", "surely"], "no proof"),
            (["`unroll`", "the same", "`Rnn.NobodyWroteThis`"], "no test"),
            (["`unroll`", "the same", "`cases/nobody_made_this_*`"], "no golden"),
            (["`unroll`", "the same", "`Skipped.Always`"], "skipped"),
        ]:
            found = complaints(row, {**self.tests, "Skipped.Always": "  GTEST_SKIP();\n"})
            self.assertEqual(len(found), 1, row)
            self.assertIn(word, found[0])

    def test_heads_are_no_rows(self):
        self.assertEqual(rows("| a | b |\n|---|---|\n| 1 | 2 |\n\ntext\n\n| c | d |\n|---|---|\n"), [["1", "2"]])


if __name__ == "__main__":
    sys.exit(unittest.main())
