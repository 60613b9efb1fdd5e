"""The tables and figures of the modes of low precision, number by number, from records written by hand."""

import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "report"), str(HERE)]

import mode_tables  # noqa: E402
import report  # noqa: E402
from figures import figures_markdown  # noqa: E402
from overview import modes_overview, newest  # noqa: E402
from overview_test import cpu_point, cpu_record, spread  # noqa: E402
from report_test import cells_of  # noqa: E402


def mode_point(name, B, ratio, strict, error=5e-3, took_strict=False):
    """A point with the best peer's time and that of strict f32, both over Rondo's."""
    point = cpu_point(name, "lstm", B, ratio)
    point["ratios"]["Rondo f32"] = spread(strict)
    return {**point, "errors": {"Rondo": error, "Rondo f32": 1e-7, "A 1": 2e-2}, "left_out": {}, "strict": ["Rondo"] * took_strict}


def mode_record(mode, points, threads=1, date="2026-01-02T00:00:00"):
    return {**cpu_record(threads, points), "mode": mode, "beside": ["Rondo f32"], "date": date}


class ModesTest(unittest.TestCase):
    def setUp(self):
        self.int8 = mode_record("int8", [mode_point("few", 1, 1.6, 4.0), mode_point("many", 16, 0.9, 1.0, error=7e-3)])

    def test_means_over_the_best_peer_and_strict_f32(self):
        text = "\n".join(mode_tables.summary(self.int8))
        self.assertEqual(cells_of(text, "all")[1:], ["2", "1.20", "0.90", "2.00", "1.00", "0", "7.0e-03"])
        self.assertEqual(cells_of(text, "B from 16 on")[1:], ["1", "0.90", "0.90", "1.00", "1.00", "0", "7.0e-03"])

    def test_points_that_took_strict_f32_do_not_count_as_the_mode(self):
        self.int8["results"][1]["strict"] = ["Rondo"]
        text = "\n".join(mode_tables.summary(self.int8))
        self.assertEqual(cells_of(text, "all")[4:7], ["4.00", "4.00", "1"])
        self.assertEqual(cells_of(text, "B from 16 on")[4:7], ["-", "-", "1"])

    def test_the_newest_record_of_each_mode_and_number_of_threads(self):
        later = mode_record("int8", self.int8["results"], date="2026-01-03T00:00:00")
        two = mode_record("int8", self.int8["results"], threads=2)
        bf16 = mode_record("bf16", self.int8["results"])
        kept = newest([later, self.int8, two, bf16])
        self.assertEqual(list(kept), ["bf16", "int8"])
        self.assertEqual([record["date"] for record in kept["int8"]], [later["date"], two["date"]])

    def test_a_section_has_each_mode_in_turn(self):
        text = modes_overview(newest([self.int8, mode_record("bf16", [mode_point("few", 1, 2.0, 1.5)])]), None, None)
        self.assertLess(text.index("### bf16"), text.index("### int8"))
        self.assertIn("| all | 1.20 | 0.90 | 2.00 | 7.0e-03 |", text)
        self.assertIn("| all | 2.00 | 2.00 | 1.50 | 5.0e-03 |", text)

    def figures_of(self, *records):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, f"{index}.json") for index in range(len(records))]
            for path, record in zip(paths, records):
                path.write_text(json.dumps(record))
            return " ".join(figures_markdown(paths).split())

    def test_figures_name_every_record_of_f32(self):
        one = cpu_record(1, [cpu_point("few", "lstm", 1, 1.6), cpu_point("many", "lstm", 8, 0.9), cpu_point("step", "lstm", 1, 9, T=1)])
        other = {**cpu_record(1, [cpu_point("few", "lstm", 1, 1.1)]), "processor": "q", "date": "2026-01-05T00:00:00"}
        text = self.figures_of(one, other)
        self.assertIn("1.20 with 1 thread of p (2026-01-01; least 0.90 of 2 sizes), 1.10 with 1 thread of q (2026-01-05", text)

    def test_figures_of_a_mode(self):
        self.assertIn("**CPU, int8**: beside the best in int8 (for GRUs also bf16): 1.20 with 1 thread of p (least 0.90 of 2 sizes; "
                      "0.90 from B 16 on; largest error 7e-03).", self.figures_of(self.int8))

    def test_a_mode_that_never_ran_has_no_figure_of_its_own(self):
        record = mode_record("bf16x3", [mode_point("few", 1, 1.6, 1.0, took_strict=True)])
        text = self.figures_of(record)
        self.assertIn("the plan took strict f32 at every size with 1 thread of p", text)
        self.assertNotIn("1.60", text)


class PageTest(unittest.TestCase):
    def test_the_page_gets_a_chart_of_each_mode(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            page, record = folder / "page.md", folder / "int8.json"
            page.write_text("<!-- overview_modes:begin -->\nold\n<!-- overview_modes:end -->\n")
            record.write_text(json.dumps(mode_record("int8", [mode_point("few", 1, 1.6, 4.0)])))
            report.main(["overview", str(record), "--doc", str(page), "--plots", str(folder / "images")])
            self.assertIn("](images/overview_cpu_int8.svg)", page.read_text())
            self.assertNotIn("old", page.read_text())
            self.assertTrue((folder / "images" / "overview_cpu_int8.svg").exists())


if __name__ == "__main__":
    unittest.main()
