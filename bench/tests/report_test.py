"""The report of a file written by hand, number by number, and the limit model against its published table."""

import copy
import json
import math
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import constants  # noqa: E402
import limit_model  # noqa: E402
import report  # noqa: E402
from measurements import (FileError, best_cudnn, best_rondo, check_micro_shape, check_shape, geometric_mean, load,  # noqa: E402
                          load_micro, merge)

FIXTURE = HERE / "fixture.json"


def cells_of(markdown, beginning):
    """The cells of the table row that begins so."""
    row = next(line for line in markdown.splitlines() if line.startswith(f"| {beginning} |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.bench = load(FIXTURE)
        self.markdown = report.results_markdown(self.bench)

    def test_best_is_the_least_over_algorithms_and_graphs(self):
        result = self.bench["results"][0]
        self.assertEqual((best_cudnn(result)["executor"], best_cudnn(result)["graph"]), ("cudnn_persist_static", "eager"))
        self.assertEqual((best_rondo(result)["executor"], best_rondo(result)["graph"]), ("cuda_stepwise", "replayed"))

    def test_row_of_a_point(self):
        limit = limit_model.limit_us_per_step(self.bench["results"][0])
        self.assertEqual(cells_of(self.markdown, "H 1024, B 4, T 10"),
                         ["H 1024, B 4, T 10", "5.00 (persist_static, eager)", "9.00", "4.00", "1.25x", "2.00x",
                          f"{limit:.2f}", f"{100 * limit / 4.0:.0f} %", "10 %"])

    def test_row_of_a_point_that_cudnn_declines(self):
        self.assertEqual(cells_of(self.markdown, "H 1024, B 4, T 10, holes")[1:6], ["-", "-", "4.20", "-", "-"])

    def test_rows_are_in_the_order_of_sizes(self):
        self.assertLess(self.markdown.index("| H 512"), self.markdown.index("| H 1024"))

    def test_geometric_means(self):
        # Against the best: 1.25 and 0.8. Against standard, replayed: 2 and 0.8.
        self.assertEqual(cells_of(self.markdown, "geometric mean")[4:6], ["1.00x", f"{1.6**0.5:.2f}x"])
        self.assertAlmostEqual(geometric_mean([1, 4]), 2)
        self.assertIsNone(geometric_mean([]))

    def test_cost_of_a_variant(self):
        row = cells_of(self.markdown, "lstm, bf16, H 1024, B 4, T 10, holes")
        self.assertEqual(row[1:], ["+5.0 %", "declines"])

    def test_failures_and_gaps_are_named(self):
        self.assertIn("cudnn_small_h eager: its output is inf away", self.markdown)
        self.assertIn("gru/H8/B1/T1/I8/bf16/plain: not measured", self.markdown)

    def test_head_names_what_was_measured_on(self):
        for words in ("NVIDIA H200", "2026-01-31", "abc1234", "cudnn 9.13.1", "4300 GB/s", "788 TFLOP/s"):
            self.assertIn(words, self.markdown)

    def test_no_limit_for_a_device_that_the_model_is_not_of(self):
        self.bench["device"]["name"] = "Another"
        self.assertEqual(cells_of(report.results_markdown(self.bench), "H 1024, B 4, T 10")[6:8], ["-", "-"])


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.data = json.loads(FIXTURE.read_text())

    def test_shape_is_checked(self):
        check_shape(self.data, "fixture")
        for spoil in (lambda d: d.pop("commit"), lambda d: d.update(format="another"),
                      lambda d: d["results"][0].update(H="1024"), lambda d: d["results"][0]["runs"][0].pop("executor"),
                      lambda d: d["results"][0]["runs"][0]["us_per_run"].update(p10=100),
                      lambda d: d["results"][0]["runs"][0].update(us_per_step=90.0),
                      lambda d: d["results"][0]["runs"][0].update(graph="sometimes")):
            data = copy.deepcopy(self.data)
            spoil(data)
            with self.assertRaises(FileError):
                check_shape(data, "fixture")

    def test_the_last_file_counts(self):
        newer = copy.deepcopy(self.data)
        newer["results"] = [copy.deepcopy(self.data["results"][2])]
        newer["results"][0]["runs"] = newer["results"][0]["runs"][:1]
        newer["unmeasured"] = []
        merged = merge([self.data, newer])
        self.assertEqual(len(merged["results"]), 3)
        by_id = {result["id"]: result for result in merged["results"]}
        self.assertEqual(len(by_id["lstm/H512/B32/T20/I512/bf16/plain"]["runs"]), 1)

    def test_devices_are_not_mixed(self):
        other = copy.deepcopy(self.data)
        other["device"]["name"] = "Another"
        with self.assertRaises(FileError):
            merge([self.data, other])

    def test_finds_the_measurements_in_a_check(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "check.json")
            path.write_text(json.dumps({"format": "rondo_gpu_check 1", "bench": self.data}))
            self.assertEqual(load(path), self.data)
            path.write_text("{")
            with self.assertRaises(FileError):
                load(path)

    def test_writes_between_the_markers_and_nowhere_else(self):
        with tempfile.TemporaryDirectory() as folder:
            document = pathlib.Path(folder, "doc.md")
            document.write_text("a\n<!-- results:begin -->\nold\n<!-- results:end -->\nb\n")
            report.main(["results", str(FIXTURE), "--doc", str(document), "--plots", folder])
            text = document.read_text()
            self.assertTrue(text.startswith("a\n<!-- results:begin -->\n") and text.endswith("<!-- results:end -->\nb\n"))
            self.assertIn("persist_static", text)
            self.assertIn("](performance_lstm.svg)", text)
            self.assertNotIn("old", text)
            chart = pathlib.Path(folder, "performance_lstm.svg").read_text()
            # Three points: two with cuDNN, three with Rondo, three limits; and three dots of the legend.
            self.assertEqual(chart.count("<circle"), 2 + 3 + 3 + 3)
            document.write_text("no markers")
            with self.assertRaises(FileError):
                report.main(["results", str(FIXTURE), "--doc", str(document)])


def micro_row(group, variant, parameters, median, rates=None):
    return {"group": group, "variant": variant, "parameters": parameters, "clocks": 2 * median, "rounds": 64,
            "ns": {"median": median, "p10": 0.98 * median, "p90": 1.01 * median, "least": 0.9 * median}, "rates": rates or {}}


class ConstantsTest(unittest.TestCase):
    def setUp(self):
        self.micro = {
            "format": "rondo_micro 1", "date": "2026-01-31T12:00:00Z", "commit": "abc1234",
            "device": {"name": "NVIDIA H200", "clock_gigahertz": 2.0}, "settings": {"repeats": 11},
            "measurements": [
                micro_row("block", "multiply_add", {"threads": 256}, 2.5),
                micro_row("products", "bf16", {"warps": 8, "chains": 4}, 16.0, {"products/ns/SM": 0.5, "TFLOP/s": 270.0}),
                micro_row("cluster_exchange", "all", {"blocks": 8, "clusters": 16, "bytes": 16}, 800.0),
                micro_row("cluster_exchange", "all", {"blocks": 8, "clusters": 16, "bytes": 1024}, 1250.0),
                micro_row("cluster_exchange", "one", {"blocks": 8, "clusters": 1, "bytes": 1024}, 1000.0),
                micro_row("grid_sync", "cooperative_groups", {"blocks": 132}, 1500.0),
                micro_row("broadcast", "multicast", {"blocks": 4, "clusters": 33, "bytes": 4096}, 640.0, {"GB/s/SM": 6.4})],
            "skipped": [{"group": "cluster_exchange", "variant": "all", "parameters": {"blocks": 16}, "reason": "none fits"}],
            "failures": [{"group": "grid_sync", "variant": "cooperative_groups", "parameters": {"blocks": 32},
                          "message": "gave up"}]}
        self.micro["measurements"][5]["ns"]["p10"] = 1350.0
        self.markdown = constants.constants_markdown(self.micro)

    def test_a_column_for_each_size(self):
        self.assertIn("|  | 16 B | 1 KB |", self.markdown)
        self.assertEqual(cells_of(self.markdown, "all, blocks 8, clusters 16")[1:], ["800", "1250"])
        self.assertEqual(cells_of(self.markdown, "one, blocks 8, clusters 1")[1:], ["-", "1000"])
        self.assertIn("|  | 132 blocks |", self.markdown)
        self.assertEqual(cells_of(self.markdown, "cooperative groups")[1:], ["1500"])
        self.assertEqual(cells_of(self.markdown, "multicast, blocks 4, clusters 33")[1:], ["640 (6.40)"])

    def test_one_row_for_each_of_a_block_and_of_the_products(self):
        self.assertEqual(cells_of(self.markdown, "multiply add, threads 256")[1:], ["2.50", "5.00"])
        self.assertEqual(cells_of(self.markdown, "bf16, warps 8, chains 4")[1:], ["16.0", "32.0", "2.00", "270"])

    def test_head_and_trouble(self):
        for words in ("NVIDIA H200", "2026-01-31", "abc1234", "11 repeats", "ran at 1.60 GHz", "at most 11.0 %",
                      "blocks 16: skipped, none fits", "blocks 32: failed, gave up"):
            self.assertIn(words, self.markdown)

    def test_groups_that_were_not_measured_have_no_table(self):
        self.assertNotIn("through L2", self.markdown)

    def test_shape_is_checked(self):
        check_micro_shape(self.micro, "micro")
        for spoil in (lambda d: d.update(format="another"), lambda d: d["measurements"][0].pop("clocks"),
                      lambda d: d["measurements"][0]["ns"].update(p10=100), lambda d: d["skipped"][0].pop("reason"),
                      lambda d: d["failures"][0].update(parameters=3), lambda d: d["device"].pop("clock_gigahertz")):
            micro = copy.deepcopy(self.micro)
            spoil(micro)
            with self.assertRaises(FileError):
                check_micro_shape(micro, "micro")

    def test_from_a_file_and_from_a_check_into_a_document(self):
        with tempfile.TemporaryDirectory() as folder:
            path, document = pathlib.Path(folder, "file.json"), pathlib.Path(folder, "doc.md")
            document.write_text("a\n<!-- constants:begin -->\nold\n<!-- constants:end -->\nb\n")
            path.write_text(json.dumps(self.micro))
            self.assertEqual(load_micro(path), self.micro)
            path.write_text(json.dumps({"format": "rondo_gpu_check 1", "micro": self.micro}))
            report.main(["constants", str(path), "--doc", str(document)])
            self.assertEqual(document.read_text(),
                             f"a\n<!-- constants:begin -->\n{self.markdown}\n<!-- constants:end -->\nb\n")
            for record in ({"format": "rondo_gpu_check 1"}, {"format": "rondo_gpu_check 1", "micro": None}):
                path.write_text(json.dumps(record))
                report.main(["constants", str(path), "--doc", str(document)])
                self.assertIn("begin -->\nNot yet measured.\n<!--", document.read_text())
            path.write_text("[]")
            with self.assertRaises(FileError):
                load_micro(path)


class LimitModelTest(unittest.TestCase):
    # Microseconds per step of an LSTM with B of 1, 8, 32, 64, 128, 256, as first worked out.
    PERSISTENT = {("bf16", 128): [0.45, 0.45, 0.45, 0.45, 0.46, 0.47], ("bf16", 512): [0.60, 0.60, 0.63, 0.70, 1.0, 1.5],
                  ("bf16", 1024): [0.79, 0.93, 1.3, 1.8, 2.6, 4.0], ("bf16", 2048): [1.3, 1.4, 3.1, 4.4, 8.0, 15],
                  ("bf16", 4096): [18, 19, 19, 20, 27, 53], ("tf32", 1024): [0.92, 1.1, 1.9, 3.1, 4.4, 8.0],
                  ("f32", 1024): [0.86, 2.3, 6.8, 13]}
    STEPWISE = {512: [3.2, 3.2, 3.6], 1024: [4.3, 4.5, 6.1], 1536: [6.2, 6.6, 10.3], 2048: [8.9, 9.5, 16], 4096: [34, 34, 56]}

    def test_persistent(self):
        for (math_name, H), row in self.PERSISTENT.items():
            rows = [1, 8, 32, 64] if math_name == "f32" else [1, 8, 32, 64, 128, 256]
            for B, expected in zip(rows, row):
                time = limit_model.persistent_us(limit_model.Step(4, H, B, math_name))
                last_digit = 10.0 ** (math.floor(math.log10(expected)) - 1)  # the table has two
                self.assertAlmostEqual(time, expected, delta=0.56 * last_digit, msg=(math_name, H, B))

    def test_stepwise(self):
        for H, row in self.STEPWISE.items():
            for B, expected in zip([64, 128, 256], row):
                time = limit_model.stepwise_us(limit_model.Step(4, H, B, "bf16"))
                self.assertAlmostEqual(time, expected, delta=0.05 if expected < 16 else 0.5, msg=(H, B))

    def test_input_product(self):
        # 2 * 50 * 128 * 1024 * 4096 operations at 0.8 of 989 TFLOP/s.
        time = limit_model.input_us(limit_model.Step(4, 1024, 128, "bf16"), T=50, I=1024)
        self.assertAlmostEqual(time, 2 * 50 * 128 * 1024 * 4096 / (0.8 * 989e6))
        # One row: the kernel of 8 MiB must come from memory.
        time = limit_model.input_us(limit_model.Step(4, 1024, 1, "bf16"), T=1, I=1024)
        self.assertAlmostEqual(time, 2 * (1024 * 4096 + 1024 + 4096) / 4300 / 1000)


if __name__ == "__main__":
    unittest.main()
