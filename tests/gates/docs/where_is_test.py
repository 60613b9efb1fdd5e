"""The table "Where is ...?" of docs/design/architecture.md: each file exists, and the symbol stands in it."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "design" / "architecture.md"
TITLE = "## Where is ...?"
FEWEST_ROWS = 24
MOST_LINES = 150


def rows(markdown):
    """The cells of the table's rows, without its head."""
    section = markdown.split(f"\n{TITLE}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def complaint(row):
    """The fault of a row; empty without one."""
    if len(row) != 3 or not row[0] or not all(re.fullmatch(r"`[^`]+`", cell) for cell in row[1:]):
        return f"not a behaviour, one `file` and one `symbol`: {row}"
    path, symbol = (cell.strip("`") for cell in row[1:])
    if not (ROOT / path).is_file():
        return f"{row[0]}: no file {path}"
    if not re.search(rf"\b{re.escape(symbol)}\b", (ROOT / path).read_text()):
        return f"{row[0]}: no {symbol} in {path}"
    return ""


class WhereIsTest(unittest.TestCase):
    def test_everything_is_where_the_page_says(self):
        table = rows(PAGE.read_text())
        self.assertGreaterEqual(len(table), FEWEST_ROWS)
        self.assertEqual([text for text in map(complaint, table) if text], [])

    def test_it_finds_what_is_wrong(self):
        path = "`src/recurrence/schedule.h`"
        for row, words in [
            (["what a step reads", "`src/recurrence/no_schedule.h`", "`read_time`"], "no file"),
            (["what a step reads", "`src/recurrence/`", "`read_time`"], "no file"),
            (["what a step reads", path, "`read_times`"], "no read_times in"),
            (["what a step reads", path, "`read_tim`"], "no read_tim in"),
            (["what a step reads", path, "read_time"], "one `symbol`"),
            (["", path, "`read_time`"], "not a behaviour"),
            (["what a step reads", path], "not a behaviour"),
        ]:
            self.assertIn(words, complaint(row))
        self.assertEqual(complaint(["what a step reads", path, "`read_time`"]), "")

    def test_the_page_stays_short(self):
        self.assertLessEqual(len(PAGE.read_text().splitlines()), MOST_LINES)


if __name__ == "__main__":
    unittest.main()
