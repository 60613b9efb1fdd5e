"""The constants of the planner's model from a record of rondo_micro, number by number, and the errors of predictions."""

import json
import math
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "report"), str(HERE)]

import report  # noqa: E402
from measurements import FileError  # noqa: E402
from model_fit import fit_markdown, spread  # noqa: E402
from report_test import cells_of, micro_row  # noqa: E402
from step_constants import HEADER, constants_table, measured_constants, read_constants, write_constants  # noqa: E402
from tuning_test import a_bench, a_point  # noqa: E402

DOCUMENT = HERE.parent / "results" / "predictions.md"


def a_micro():
    """A record of a device whose clock is 1.6 GHz, and whose times rise along straight lines."""
    rows = [micro_row("block", "multiply_add", {"threads": 256}, 2.5), micro_row("block", "barrier", {"threads": 256}, 20.0)]
    for variant, factor in (("bf16", 1), ("tf32", 3)):
        for warps, chains, ns in ((4, 1, 20.0), (4, 4, 5.0), (8, 1, 21.0), (8, 4, 9.6)):
            rows.append(micro_row("products", variant, {"warps": warps, "chains": chains}, factor * ns))
    for variant, blocks, start, rate in (("all", 8, 200, 64), ("all", 16, 300, 32), ("one", 16, 100, 320)):
        for size in (16, 256, 512, 1024):
            rows.append(micro_row("cluster_exchange", variant, {"blocks": blocks, "clusters": 1, "bytes": size},
                                  start + blocks * size / rate))
    for variant, blocks, start in (("packets", 64, 700), ("packets", 128, 800), ("sentinels", 128, 1300)):
        for size in (2048, 32768):
            rows.append(micro_row("grid_exchange", variant, {"blocks": blocks, "bytes": size}, start + size / 20))
    for variant, blocks, rate in (("loads", 1, 100), ("loads", 132, 40), ("bulk_copy", 132, 90)):
        for size in (4096, 16384, 32768):
            rows.append(micro_row("broadcast", variant, {"blocks": 1, "clusters": blocks, "bytes": size}, 500 + size / rate))
    return {"format": "rondo_micro 1", "date": "2026-01-31T12:00:00Z", "commit": "abc1234", "settings": {"repeats": 11},
            "device": {"name": "NVIDIA H200", "clock_gigahertz": 2.0}, "measurements": rows, "skipped": [], "failures": []}


class MeasuredTest(unittest.TestCase):
    def test_every_number(self):
        expected = {"clocks_per_ns": 1.6, "block_exchange_ns": 20, "cluster_exchange_ns": 300, "cluster_bytes_per_ns": 32,
                    "grid_exchange_ns": 800, "l2_bytes_per_ns_per_processor": 100, "l2_bytes_per_ns": 132 * 40,
                    "mma_clocks": 4.8 * 1.6, "mma_latency_clocks": 32}
        measured = measured_constants(a_micro())
        self.assertEqual(sorted(measured), sorted(expected))
        for name, value in expected.items():
            self.assertAlmostEqual(measured[name], value, msg=name)
        self.assertLessEqual(set(expected), {constant.name for constant in read_constants()})

    def test_what_was_not_measured_is_not_there(self):
        micro = a_micro()
        micro["measurements"] = [row for row in micro["measurements"] if row["group"] not in ("cluster_exchange", "block")]
        left = ["grid_exchange_ns", "l2_bytes_per_ns", "l2_bytes_per_ns_per_processor"]
        self.assertEqual(sorted(measured_constants(micro)), left)
        self.assertEqual(measured_constants({**micro, "measurements": []}), {})

    def test_times_that_do_not_rise_tell_nothing(self):
        micro = a_micro()
        for row in micro["measurements"]:
            if row["group"] in ("grid_exchange", "broadcast"):
                row["ns"] = {name: 800.0 for name in row["ns"]}
        self.assertNotIn("grid_exchange_ns", measured_constants(micro))
        self.assertNotIn("l2_bytes_per_ns", measured_constants(micro))


class HeaderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.header = self.folder / "constants.h"
        self.header.write_text(HEADER.read_text())
        self.record = self.folder / "2026-01-31-nvidia-h200.json"
        self.record.write_text(json.dumps(a_micro()))

    def test_every_number_of_the_struct_is_read(self):
        self.assertEqual(len(read_constants()), HEADER.read_text().count("\n  double "))
        for constant in read_constants():
            self.assertRegex(constant.source, "^(estimated|documented|(fitted to|measured in) .*[.]json)$")

    def test_writes_what_was_measured_and_nothing_else(self):
        before = {constant.name: constant for constant in read_constants()}
        report.main(["model", str(self.record), "--header", str(self.header), "--doc", str(self.a_document())])
        measured = measured_constants(a_micro())
        for constant in read_constants(self.header):
            if constant.name in measured:
                self.assertAlmostEqual(constant.value, measured[constant.name], places=3)
                self.assertEqual(constant.source, "measured in 2026-01-31-nvidia-h200.json")
                self.assertEqual((constant.unit, constant.what), (before[constant.name].unit, before[constant.name].what))
            else:
                self.assertEqual(constant, before[constant.name])
        lines = self.header.read_text().splitlines()
        self.assertLessEqual(max(map(len, lines)), 120)
        changed = [new for new, old in zip(lines, HEADER.read_text().splitlines(), strict=True) if new != old]
        self.assertEqual(len(changed), 2 * len(measured))
        self.assertIn("  double l2_bytes_per_ns = 5280;", changed)

    def a_document(self):
        document = self.folder / "doc.md"
        document.write_text("a\n<!-- model:begin -->\nold\n<!-- model:end -->\nb\n")
        return document

    def test_writing_twice_is_writing_once(self):
        write_constants({"mma_clocks": 7.68}, "a.json", self.header)
        once = self.header.read_text()
        write_constants({"mma_clocks": 7.68}, "a.json", self.header)
        self.assertEqual(self.header.read_text(), once)

    def test_a_line_that_would_be_too_long_is_refused(self):
        with self.assertRaises(FileError) as caught:
            write_constants({"mma_clocks": 7.68}, "a" * 80 + ".json", self.header)
        self.assertIn("mma_clocks", str(caught.exception))
        self.header.write_text("nothing")
        with self.assertRaises(FileError):
            read_constants(self.header)

    def test_tells_what_was_measured_beside_what_is_taken(self):
        document = self.a_document()
        report.main(["model", str(self.record), "--doc", str(document)])
        text = document.read_text()
        self.assertEqual(cells_of(text, "`l2_bytes_per_ns`")[-1], "5280")
        self.assertEqual(cells_of(text, "`latency_ns`")[-1], "-")
        self.assertIn("2026-01-31-nvidia-h200.json", text)

    def test_a_header_needs_a_record_of_the_device(self):
        self.record.write_text(json.dumps({"format": "rondo_gpu_check 1", "micro": None}))
        for arguments in (["model", str(self.record)], ["model"]):
            with self.assertRaises(FileError):
                report.main([*arguments, "--header", str(self.header)])
        self.assertEqual(self.header.read_text(), HEADER.read_text())

    def test_the_document_has_what_the_model_takes(self):
        text = DOCUMENT.read_text()
        for line in constants_table(read_constants()).splitlines()[2:]:
            self.assertIn(line, text, "write it anew: bench/report/report.py model --doc")


class FitTest(unittest.TestCase):
    def points(self):
        """Predictions that are 2 and 0.5 times the measured times of grids in bf16, and also in tf32."""
        ways = {"bf16": (("grid_32x4_8rows_16units_4k", 2.0), ("grid_64x2_16rows_16units_4k", 0.5), ("cuda_stepwise", 1.25)),
                "tf32": (("grid_32x4_8rows_16units_4k", 1.0), ("cluster_16x4_8rows_32units_4k", 3.0))}
        points = []
        for math_name, of_math in ways.items():
            runs = [(name, 100 * ratio, 100) for name, ratio in of_math]
            points.append(a_point("lstm", 512, 32, 100, math_name, runs))
        return points

    def test_each_kind_and_arithmetic(self):
        text = fit_markdown(a_bench(self.points()))
        self.assertEqual(cells_of(text, "grid | bf16")[2:5], ["2", "1.00", "2.00"])
        self.assertEqual(cells_of(text, "grid | tf32")[2:5], ["1", "1.00", "1.00"])
        self.assertEqual(cells_of(text, "grid | every")[2:5], ["3", "1.00", f"{math.exp(math.sqrt(2 / 3) * math.log(2)):.2f}"])
        self.assertEqual(cells_of(text, "cluster | tf32")[2:4], ["1", "3.00"])
        self.assertEqual(cells_of(text, "stepwise | bf16")[2:4], ["1", "1.25"])
        self.assertNotIn("cluster | every", text)
        self.assertEqual(cells_of(text, "grid | every")[5:], [
            "0.500, lstm, bf16, H 512, B 32, T 100: `grid_64x2_16rows_16units_4k`",
            "2.00, lstm, bf16, H 512, B 32, T 100: `grid_32x4_8rows_16units_4k`"])

    def test_spread_is_a_factor(self):
        self.assertAlmostEqual(spread([1.0, 4.0]), 2.0)
        self.assertAlmostEqual(spread([3.0]), 1.0)

    def test_without_predictions_there_is_no_table(self):
        points = self.points()
        for run in points[0]["runs"]:
            run.pop("predicted_us_per_run", None)
        self.assertEqual(fit_markdown(a_bench(points[:1])), "")
        self.assertEqual(fit_markdown(a_bench([])), "")

    def test_from_a_record_of_everything(self):
        bench = a_bench(self.points())
        with tempfile.TemporaryDirectory() as folder:
            path, document = pathlib.Path(folder, "a.json"), pathlib.Path(folder, "doc.md")
            check = {"format": "rondo_gpu_check 1", "bench": bench, "alternatives": bench, "micro": a_micro()}
            path.write_text(json.dumps(check))
            document.write_text("<!-- model:begin -->\n<!-- model:end -->\n")
            report.main(["model", str(path), "--doc", str(document)])
            text = document.read_text()
            self.assertIn("| `mma_latency_clocks` | 33 | clocks |", text)
            self.assertIn("| grid | every |", text)
            path.write_text(json.dumps(bench))  # a file of rondo_bench alone
            report.main(["model", str(path), "--doc", str(document)])
            self.assertIn("`a.json` has none of them", document.read_text())
            self.assertIn("| grid | every |", document.read_text())


if __name__ == "__main__":
    unittest.main()
