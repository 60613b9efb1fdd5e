"""The tables and charts of docs/performance.md, number by number, from files written by hand."""

import copy
import json
import math
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "report"), str(HERE)]

import report  # noqa: E402
from measurements import load  # noqa: E402
from overview import cpu_chart, cpu_table, gpu_chart, gpu_table  # noqa: E402
from report_test import FIXTURE, a_result, cells_of  # noqa: E402


def spread(value):
    return {"median": value, "p10": 0.9 * value, "p90": 1.1 * value, "least": 0.9 * value}


def cpu_point(name, cell, B, ratio, T=10, I=4):
    return {"cell": cell, "H": 4, "I": I, "T": T, "B": B, "name": name, "flops": 200, "recurrent_bytes": 64,
            "seconds": {"Rondo": spread(1e-4), "A 1": spread(1e-4 * ratio)}, "ratios": {"A 1": spread(ratio)}, "best": "A 1"}


def cpu_record(threads, points):
    return {"threads": threads, "rounds": 7, "date": "2026-01-01T00:00:00", "processor": "p", "commit": "c",
            "peers": ["Rondo", "A 1"], "results": points, "limits": {"flops": 2e7, "product": 1e7, "read": {"64": 3.2e7}}}


class CpuTest(unittest.TestCase):
    def setUp(self):
        self.one = cpu_record(1, [cpu_point("few", "lstm", 1, 1.6), cpu_point("many", "lstm", 8, 0.9)])
        self.two = cpu_record(2, [cpu_point("few", "lstm", 1, 2.0), cpu_point("step", "gru", 1, 3.0, T=1)])

    def test_columns_for_each_number_of_threads(self):
        text = cpu_table([self.one, self.two])
        self.assertEqual(cells_of(text, "points")[2:], ["1 thread, geometric mean", "1 thread, least",
                                                        "2 threads, geometric mean", "2 threads, least"])
        self.assertEqual(cells_of(text, "all")[1:], ["2", "1.20", "0.90", "2.00", "2.00"])
        self.assertEqual(cells_of(text, "lstm, B up to 4")[1:], ["1", "1.60", "1.60", "2.00", "2.00"])

    def test_what_a_record_lacks_is_a_dash(self):
        text = cpu_table([self.one, self.two])
        self.assertEqual(cells_of(text, "lstm, larger B")[1:], ["1", "0.90", "0.90", "-", "-"])
        self.assertEqual(cells_of(text, "T = 1, whole call")[1:], ["1", "-", "-", "3.00", "3.00"])

    def test_the_chart_has_the_points_of_a_few_batches(self):
        self.one["results"].append(cpu_point("other inputs", "lstm", 1, 1.6, I=8))
        chart = cpu_chart([self.one, self.two])
        self.assertIn(">few<", chart)
        for name in ("many", "step", "other inputs"):
            self.assertNotIn(f">{name}<", chart)
        self.assertEqual(chart.count("<circle"), 2 + 2)  # two of the records, two of the legend

    def test_a_record_of_other_batches_has_them_in_its_chart(self):
        chart = cpu_chart([cpu_record(1, [cpu_point("eight", "lstm", 8, 1.6)])])
        self.assertIn(">eight<", chart)

    def test_a_record_of_steps_alone_has_an_empty_chart(self):
        self.assertNotIn("<circle", cpu_chart([cpu_record(1, [cpu_point("step", "gru", 1, 3.0, T=1)])]))


class GpuTest(unittest.TestCase):
    def setUp(self):
        self.bench = load(FIXTURE)

    def test_an_executor_without_runs_is_not_measured(self):
        self.assertEqual(cells_of(gpu_table(self.bench), "`cuda_persistent` | every")[2:],
                         ["0", "0", "not yet measured", "not yet measured", "-", "-"])

    def test_means_over_what_cudnn_runs(self):
        text = gpu_table(self.bench)
        # Against standard, replayed: 80 / 40 and 48 / 60. Against the best: 50 / 40 and 48 / 60.
        expected = ["3", "2", f"{math.sqrt(1.6):.2f}x", "1.00x", "0.80x", "lstm, bf16, H 512, B 32, T 20"]
        self.assertEqual(cells_of(text, "`cuda_stepwise` | bf16")[2:], expected)
        self.assertEqual(cells_of(text, "`cuda_stepwise` | every")[2:], expected)

    def test_each_executor_has_its_own_rows(self):
        runs = [("cuda_persistent", 20), ("cuda_stepwise", 80), ("cudnn_standard", 60)]
        self.bench["results"].append(a_result("gru", 256, 1, 10, "f32", runs))
        text = gpu_table(self.bench)
        self.assertEqual(cells_of(text, "`cuda_persistent` | every")[2:6], ["1", "1", "3.00x", "3.00x"])
        self.assertEqual(cells_of(text, "`cuda_stepwise` | f32")[2:6], ["1", "1", "0.75x", "0.75x"])

    def test_runs_over_many_lengths_are_in_no_table(self):
        more = copy.deepcopy(self.bench)
        more["results"].append(a_result("lstm", 256, 16, 64, "bf16", [("cuda_stepwise", 64)], point_set="steps"))
        self.assertEqual(gpu_table(more), gpu_table(self.bench))

    def test_the_chart_has_the_points_that_cudnn_runs(self):
        chart = gpu_chart(self.bench)
        self.assertNotIn("holes", chart)
        self.assertEqual(chart.count("<circle"), 2 + 2 + 2)


class PageTest(unittest.TestCase):
    def test_each_kind_of_record_has_its_place(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            page, cpu = folder / "docs" / "page.md", folder / "cpu.json"
            page.parent.mkdir()
            page.write_text("".join(f"<!-- {marker}:begin -->\nold\n<!-- {marker}:end -->\n"
                                    for marker in ("overview_cpu", "overview_gpu")))
            cpu.write_text(json.dumps(cpu_record(1, [cpu_point("few", "lstm", 1, 1.6)])))
            plots = folder / "images"
            report.main(["overview", str(cpu), str(FIXTURE), "--doc", str(page), "--plots", str(plots)])
            text = page.read_text()
            self.assertNotIn("old", text)
            for kind in ("cpu", "gpu"):
                self.assertIn(f"](../images/overview_{kind}.svg)", text)
                self.assertTrue((plots / f"overview_{kind}.svg").exists())


if __name__ == "__main__":
    unittest.main()
