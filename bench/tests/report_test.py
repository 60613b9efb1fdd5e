"""The report of a file written by hand, number by number, and the limit model against its published table."""

import copy
import json
import math
import pathlib
import sys
import tempfile
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "report"))

import constants  # noqa: E402
import limit_model  # noqa: E402
import report  # noqa: E402
import tables  # noqa: E402
from alternatives import alternatives_markdown, planned  # noqa: E402
from measurements import (FileError, best_cudnn, check_micro_shape, check_shape, geometric_mean, load,  # noqa: E402
                          load_alternatives, load_ways, load_micro, merge, planned_rondo)
from module_tables import check_modules, modules_markdown  # noqa: E402
from step_constants import read_constants  # noqa: E402

FIXTURE = HERE / "fixture.json"


def cells_of(markdown, beginning):
    """The cells of the table row that begins with `beginning`."""
    row = next(line for line in markdown.splitlines() if line.startswith(f"| {beginning} |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def section(markdown, title):
    return markdown.split(f"### {title}\n")[1].split("\n### ")[0]


def a_run(executor, us_per_run, T, graph="replayed"):
    return {"executor": executor, "graph": graph, "us_per_step": us_per_run / T, "rounds": 5, "runs_per_round": 10,
            "us_per_run": {"median": us_per_run, "p10": 0.99 * us_per_run, "p90": 1.03 * us_per_run, "least": 0.9 * us_per_run}}


def a_result(cell, H, B, T, math_name, runs, variant="plain", point_set="quick"):
    """A result. `runs`: (executor, microseconds per run), replayed, or (executor, microseconds, graph)."""
    return {"id": f"{cell}/H{H}/B{B}/T{T}/I{H}/{math_name}/{variant}", "set": point_set, "cell": cell, "H": H, "B": B, "T": T,
            "I": H, "math": math_name, "variant": variant, "flops": 1, "bytes": 1, "refusals": [], "failures": [],
            "runs": [a_run(executor, us, T, *graph) for executor, us, *graph in runs]}


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.bench = load(FIXTURE)
        self.markdown = report.results_markdown(self.bench)

    def test_best_is_the_least_over_algorithms_and_graphs(self):
        result = self.bench["results"][0]
        self.assertEqual((best_cudnn(result)["executor"], best_cudnn(result)["graph"]), ("cudnn_persist_static", "eager"))
        self.assertEqual((planned_rondo(result)["executor"], planned_rondo(result)["graph"]), ("cuda_stepwise", "replayed"))

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


class PersistentTest(unittest.TestCase):
    """A record in which plans take both of their executors."""

    def setUp(self):
        self.bench = {**load(FIXTURE), "unmeasured": [], "results": [
            a_result("lstm", 1024, 4, 10, "bf16", [("cuda_persistent", 30, "eager"), ("cuda_persistent", 10),
                                                   ("cuda_block", 5), ("cuda_stepwise", 90, "eager"), ("cuda_stepwise", 40),
                                                   ("cudnn_standard", 40), ("cudnn_persist_static", 25)]),
            a_result("lstm", 1024, 4, 10, "bf16", [("cuda_persistent", 11), ("cuda_stepwise", 42)], "holes"),
            a_result("lstm", 1024, 4, 10, "bf16", [("cuda_stepwise", 50), ("cudnn_standard", 50)], "reversed"),
            a_result("lstm", 4096, 128, 10, "bf16", [("cuda_stepwise", 100), ("cudnn_standard", 90)]),
            a_result("gru", 512, 2, 10, "bf16", [("cuda_persistent", 10, "not replayed"), ("cudnn_standard", 16)]),
            a_result("gru", 512, 2, 10, "f32", [("cuda_stepwise", 40, "eager"), ("cuda_stepwise", 20),
                                                ("cudnn_standard", 20)])]}
        check_shape(self.bench, "persistent")
        self.markdown = report.results_markdown(self.bench)

    def test_columns_are_of_what_plans_take(self):
        head = cells_of(section(self.markdown, "lstm, bf16"), "point")
        self.assertEqual(head[1:5], ["cuDNN, best", "`cuda_persistent`, eager", "`cuda_persistent`, replayed",
                                     "`cuda_stepwise`, replayed"])
        self.assertEqual(cells_of(section(self.markdown, "gru, f32"), "point")[2:4],
                         ["`cuda_stepwise`, eager", "`cuda_stepwise`, replayed"])

    def test_a_plan_takes_the_persistent_kernel_and_else_stepwise(self):
        self.assertEqual(planned_rondo(self.bench["results"][0])["us_per_step"], 1.0)
        text = section(self.markdown, "lstm, bf16")
        row = cells_of(text, "H 1024, B 4, T 10")
        self.assertEqual(row[1:7], ["2.50 (persist_static, replayed)", "3.00", "1.00", "4.00", "2.50x", "4.00x"])
        self.assertEqual(row[9], "4 %")
        limit = limit_model.limit_us_per_step(self.bench["results"][0])
        self.assertEqual(row[8], f"{100 * limit:.0f} %")
        self.assertEqual(cells_of(text, "H 4096, B 128, T 10")[2:6], ["-", "-", "10.0", "0.90x"])

    def test_what_was_not_replayed_says_so(self):
        self.assertEqual(cells_of(section(self.markdown, "gru, bf16"), "H 512, B 2, T 10")[2], "1.00 (not replayed)")

    def test_overall(self):
        text = section(self.markdown, "Overall")
        # Ratios of LSTMs: 2.5, 1, 0.9. Ratio of the GRU: 1.6.
        self.assertEqual(cells_of(text, "lstm | bf16")[2:7],
                         ["4", "3", f"{(2.5 * 0.9) ** (1 / 3):.2f}x", "0.90x", "H 4096, B 128, T 10"])
        self.assertEqual(cells_of(text, "every | bf16")[2:8],
                         ["5", "4", f"{(2.5 * 0.9 * 1.6) ** 0.25:.2f}x", "0.90x", "lstm, bf16, H 4096, B 128, T 10",
                          f"{(4 * 0.9 * 1.6) ** 0.25:.2f}x"])
        self.assertEqual(cells_of(text, "every | every")[2:4], ["6", "5"])
        self.assertNotIn("every | f32", text)  # one cell alone has f32

    def test_cost_of_variants_for_each_executor(self):
        text = section(self.markdown, "Variants")
        self.assertEqual(cells_of(text, "variant")[1:],
                         ["`cuda_persistent`, against plain", "`cuda_stepwise`, against plain", "cuDNN, against plain"])
        self.assertEqual(cells_of(text, "lstm, bf16, H 1024, B 4, T 10, holes")[1:], ["+10.0 %", "+5.0 %", "declines"])
        # On either side the best of cuDNN's algorithms counts.
        self.assertEqual(cells_of(text, "lstm, bf16, H 1024, B 4, T 10, reversed")[1:], ["declines", "+25.0 %", "+100.0 %"])
        self.bench["results"][2]["failures"] = [{"executor": "cuda_persistent", "graph": "eager", "message": "no"}]
        text = tables.variant_table(self.bench)
        self.assertEqual(cells_of(text, "lstm, bf16, H 1024, B 4, T 10, reversed")[1], "failed")

    def test_a_variant_without_its_plain_point_costs_nothing_known(self):
        self.bench["results"][0]["runs"] = self.bench["results"][0]["runs"][:3]
        text = tables.variant_table(self.bench)
        self.assertEqual(cells_of(text, "lstm, bf16, H 1024, B 4, T 10, reversed")[2:], ["-", "-"])
        self.assertEqual(cells_of(text, "lstm, bf16, H 1024, B 4, T 10, holes")[3], "-")  # no run on either side
        del self.bench["results"][0]
        self.assertEqual(tables.variant_table(self.bench), "")

    def test_executors_of_another_device_all_have_columns(self):
        for result in self.bench["results"]:
            result["runs"] = [a_run("reference", 50, result["T"], "eager"), a_run("cpu_fused", 20, result["T"], "eager")]
        self.assertEqual(cells_of(report.results_markdown(self.bench).split("### lstm, bf16")[1], "H 4096, B 128, T 10")[2:4],
                         ["5.00", "2.00"])

    def test_many_unmeasured_points_are_counted(self):
        self.bench["unmeasured"] = [f"lstm/H{k}" for k in range(50)]
        markdown = report.results_markdown(self.bench)
        self.assertIn("lstm/H19: not measured", markdown)
        self.assertNotIn("lstm/H20:", markdown)
        self.assertIn("and 30 further points: not measured", markdown)


class StepsTest(unittest.TestCase):
    def setUp(self):
        def steps(T, *runs):
            return a_result("lstm", 256, 16, T, "bf16", runs, point_set="steps")

        self.bench = {**load(FIXTURE), "unmeasured": []}
        # 6 us for a run and 1 us for a step, except that the last steps are cheaper.
        self.bench["results"] = self.bench["results"] + [
            steps(4096, ("cuda_persistent", 6 + 1024 + 0.9 * 3072)), steps(64, ("cuda_persistent", 70), ("cuda_stepwise", 256)),
            steps(256, ("cuda_persistent", 262), ("cuda_stepwise", 1024)), steps(1024, ("cuda_persistent", 1030)),
            a_result("gru", 512, 8, 64, "bf16", [], point_set="steps")]
        self.markdown = report.results_markdown(self.bench)

    def test_cost_of_a_step(self):
        text = section(self.markdown, "Steps")
        self.assertEqual(cells_of(text, "point")[2:], ["T 64", "T 256", "T 1024", "T 4096", "apart", "64 to 256", "256 to 1024",
                                                       "1024 to 4096", "apart"])
        last = (6 + 1024 + 0.9 * 3072) / 4096
        apart = 100 * (70 / 64 - last) / (70 / 64 + last)
        self.assertEqual(cells_of(text, "lstm, bf16, H 256, B 16 | `cuda_persistent`")[2:],
                         ["1.09", "1.02", "1.01", f"{last:.3f}", f"± {apart:.1f} %", "1.00", "1.00", "0.900", "± 5.3 %"])
        self.assertEqual(cells_of(text, "lstm, bf16, H 256, B 16 | `cuda_stepwise`")[2:],
                         ["4.00", "4.00", "-", "-", "± 0.0 %", "4.00", "-", "-", "-"])

    def test_they_are_in_no_other_table(self):
        self.assertNotIn("T 4096", section(self.markdown, "lstm, bf16"))
        self.assertEqual(cells_of(section(self.markdown, "Overall"), "lstm | bf16")[2], "3")
        with tempfile.TemporaryDirectory() as folder:
            report.write_plots(self.bench, pathlib.Path(folder), None)
            self.assertNotIn("T 4096", pathlib.Path(folder, "performance_lstm.svg").read_text())

    def test_no_table_without_them(self):
        self.assertNotIn("### Steps", report.results_markdown(load(FIXTURE)))


CLUSTER = """  cuda_persistent runs it, with a workspace of 18219008 bytes
    cluster kernel: 8 x 16 blocks of 256 threads, 2 rows and 32 units each; of the recurrent kernel 32 KiB of a block in """
CLUSTER += "registers, 0 KiB in shared memory; predicted 0.605 us a step (cluster_16x8_2rows_32units_4k)"


class AlternativesTest(unittest.TestCase):
    def setUp(self):
        self.bench = {**load(FIXTURE), "unmeasured": [], "results": [
            a_result("lstm", 512, 16, 100, "bf16", [
                ("cuda_persistent", 60, "eager"), ("cuda_persistent", 80), ("cuda_stepwise", 400), ("block_1x16_1rows_16units_4k", 90),
                ("cluster_16x8_2rows_32units_4k", 81), ("cluster_16x4_4rows_16units_4k", 70), ("cluster_8x8_2rows_16units_4k", 64), ("grid_32x4_4rows_16units_4k", 120)]),
            a_result("gru", 256, 1, 100, "f32", [("cuda_stepwise", 101), ("block_1x1_1rows_16units_4k", 100)]),
            a_result("lstm", 4096, 16, 100, "bf16", [("cuda_stepwise", 400)])]}
        self.plans = {result["id"]: CLUSTER for result in self.bench["results"]}
        self.text = alternatives_markdown(self.bench, self.plans)

    def test_the_planners_choice_against_the_best(self):
        self.assertEqual(cells_of(self.text, "lstm, bf16, H 512, B 16, T 100")[1:],
                         ["`cluster_16x8_2rows_32units_4k`", "0.800", "0.605", "`cluster_8x8_2rows_16units_4k`", "0.640", "3", "1.25x"])

    def test_a_plan_may_be_stepwise(self):
        self.assertEqual(cells_of(self.text, "gru, f32, H 256, B 1, T 100")[1:],
                         ["`cuda_stepwise`", "1.01", "-", "`block_1x1_1rows_16units_4k`", "1.00", "1", "1.01x"])

    def test_without_plans_there_are_no_names(self):
        cells = cells_of(alternatives_markdown(self.bench, {}), "lstm, bf16, H 512, B 16, T 100")
        self.assertEqual(cells[1:4], ["`cuda_persistent`", "0.800", "-"])

    def test_points_without_alternatives_are_left_out(self):
        self.assertNotIn("H 4096", self.text)
        self.bench["results"] = self.bench["results"][2:]
        self.assertEqual(alternatives_markdown(self.bench, self.plans), "")

    def test_all_in_one_line(self):
        mean = math.sqrt(1.25 * 1.01)
        self.assertIn(f"At 1 of 2 points what a plan takes is within 3 % of the best; in the geometric mean it takes {mean:.2f}x "
                      "its time, at most 1.25x.", self.text)

    def test_names_are_those_of_the_measurements(self):
        self.assertEqual(planned(CLUSTER), ("cluster_16x8_2rows_32units_4k", 0.605))
        self.assertEqual(planned("cuda_stepwise runs it"), (None, None))
        measured = CLUSTER.replace("predicted 0.605 us a step", "measured 0.64 us a step, with the product of the inputs")
        self.assertEqual(planned(measured), ("cluster_16x8_2rows_32units_4k", None))


class RecordTest(unittest.TestCase):
    """A record of scripts/gpu-check."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name, "record.json")
        self.document = pathlib.Path(folder.name, "doc.md")
        bench = json.loads(FIXTURE.read_text())
        point = bench["results"][0]["id"]
        further = a_result("lstm", 1024, 4, 10, "bf16", [("cuda_persistent", 1)], point_set="variants")
        self.assertEqual(further["id"], point)
        way = a_result("lstm", 1024, 4, 10, "bf16", [("cuda_persistent", 30), ("cluster_16x8_2rows_32units_4k", 20)])
        way["failures"] = [{"executor": "grid_64x2_2rows_16units_8k", "graph": "replayed", "message": "there is no room"}]

        def part(results, unmeasured=(), **head):
            return {**bench, "commit": "another", "results": results, "unmeasured": list(unmeasured), **head}

        self.record = {
            "format": "rondo_gpu_check 1", "bench": bench, "micro": None, "plans": {point: CLUSTER},
            "bench_steps": part([a_result("lstm", 256, 16, T, "bf16", [("cuda_persistent", T)], point_set="steps")
                                 for T in (64, 256)]),
            "alternatives": part([way], ["lstm/unmeasured/alternatives"]),
            "bench_further": part([further, a_result("gru", 8, 1, 1, "bf16", [("cuda_persistent", 5)], point_set="variants")],
                                  ["lstm/unmeasured/further"])}

    def load(self):
        self.path.write_text(json.dumps(self.record))
        return load(self.path)

    def test_all_parts_are_one(self):
        bench = self.load()
        self.assertEqual(bench["commit"], "abc1234")  # commit and ceilings are from the quick set
        results = {result["id"]: result for result in bench["results"]}
        self.assertEqual(len(results), 6)
        # A point in two parts is taken from the quick set; a point in one part is not missing.
        self.assertEqual(results[self.record["bench"]["results"][0]["id"]]["set"], "quick")
        self.assertEqual(bench["unmeasured"], ["lstm/unmeasured/further"])

    def test_parts_may_be_missing(self):
        for name in ("bench_steps", "alternatives", "bench_further", "plans"):
            self.record[name] = None
        self.assertEqual(len(self.load()["results"]), 3)
        self.assertEqual(load_alternatives(self.path), (None, {}))
        self.assertEqual(load_alternatives(FIXTURE), (None, {}))
        self.record["bench"] = None
        with self.assertRaises(FileError):
            self.load()

    def test_headlines_stand_in_for_alternatives(self):
        """Alternatives in a record of `--part first`, which has no other measurements."""
        headline = self.record["alternatives"]
        self.record = {"format": "rondo_gpu_check 1", "headline": headline}
        with self.assertRaises(FileError) as caught:
            self.load()
        self.assertIn("no measurements", str(caught.exception))
        self.assertEqual(load_alternatives(self.path), (headline, {}))
        self.assertEqual(load_ways(self.path), headline)

    def test_every_part_is_checked(self):
        for name in ("bench", "bench_steps", "bench_further", "alternatives"):
            kept = self.record[name]
            self.record[name] = {**kept, "format": "another"}
            self.path.write_text(json.dumps(self.record))
            with self.assertRaises(FileError) as caught:
                report.main(["results", str(self.path)])
            self.assertIn(f"{self.path}: {name}", str(caught.exception))
            self.record[name] = kept

    def test_one_call_writes_all(self):
        self.load()
        self.document.write_text("".join(f"<!-- {name}:begin -->\nold\n<!-- {name}:end -->\n"
                                         for name in ("constants", "prediction", "results")))
        report.main(["record", str(self.path), "--doc", str(self.document), "--plots", str(self.document.parent)])
        text = self.document.read_text()
        self.assertIn("<!-- constants:begin -->\nNot yet measured.\n", text)
        self.assertIn("<!-- prediction:begin -->\nold\n", text)  # another command writes this section
        for words in ("### Overall", "### Steps", "### Alternatives", "`cluster_16x8_2rows_32units_4k`", "](performance_lstm.svg)",
                      "there is no room", "lstm/unmeasured/alternatives: not", "lstm/unmeasured/further: not"):
            self.assertIn(words, text)
        self.assertFalse(pathlib.Path(self.document.parent, "performance_gru.svg").exists())  # not in the quick set


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
            "device": {"name": "NVIDIA H200", "clock_gigahertz": 2.0, "clusters_at_once": {"2": 66, "4": 31, "8": 15, "16": 7}},
            "settings": {"repeats": 11},
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
                      "Clusters that run at once: 66 of 2, 31 of 4, 15 of 8, 7 of 16 blocks.",
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


class PlansTest(unittest.TestCase):
    """Predictions beside a record."""

    def setUp(self):
        self.bench = {**load(FIXTURE), "results": [
            a_result("lstm", 1024, 4, 10, "bf16", [("cuda_stepwise", 50), ("cudnn_standard", 60), ("cudnn_persist_static", 40)]),
            a_result("lstm", 512, 1, 10, "bf16", [("cuda_stepwise", 50), ("cudnn_standard", 18)]),
            a_result("gru", 512, 2, 10, "f32", [("cuda_stepwise", 40)])]}
        way = {"kind": "grid", "blocks": 64, "teams": 2, "rows": 2, "octets": 2, "unit_warps": 3, "input_tiles": 0,
               "register_weight_bytes": 131072, "shared_weight_bytes": 4096, "streamed_weight_bytes": 1024}
        self.plans = {"format": "rondo_plans 1", "device": {"name": "NVIDIA H200"}, "plans": [
            {**self.bench["results"][0], "executor": "cuda_persistent", "predicted_us_per_run": 20, "way": way},
            {**self.bench["results"][1], "executor": "cuda_persistent", "predicted_us_per_run": 20,
             "way": {**way, "input_tiles": 4}},
            {**self.bench["results"][2], "executor": "cuda_stepwise", "predicted_us_per_run": 45}]}
        self.markdown = report.plans_markdown(self.plans, self.bench)

    def test_row_of_a_point(self):
        limit = limit_model.limit_us_per_step(self.bench["results"][0])
        self.assertEqual(cells_of(self.markdown, "lstm, bf16, H 1024, B 4, T 10")[1:],
                         ["grid", "2 x 64", "2 x 48", "128 + 4 + 1", "2.00", f"{limit:#.3g}", f"{100 * limit / 2:.0f} %", "4.00",
                          "2.00x"])

    def test_a_kernel_that_multiplies_x_says_so(self):
        self.assertEqual(cells_of(self.markdown, "lstm, bf16, H 512, B 1, T 10")[1], "grid, multiplies x")

    def test_what_runs_stepwise_has_no_way_and_what_cudnn_declines_no_ratio(self):
        row = cells_of(self.markdown, "gru, f32, H 512, B 2, T 10")
        self.assertEqual(row[1:6], ["stepwise", "", "", "", "4.50"])
        self.assertEqual(row[8:], ["-", "-"])

    def test_means(self):
        self.assertEqual(cells_of(self.markdown, "bf16")[1:5], ["2", "2", f"{1.8**0.5:.2f}x", "0.90x"])
        self.assertEqual(cells_of(self.markdown, "every")[1:5], ["3", "2", f"{1.8**0.5:.2f}x", "0.90x"])
        limits = [limit_model.limit_us_per_step(result) for result in self.bench["results"]]
        mean = geometric_mean([limits[0] / 2, limits[1] / 2, limits[2] / 4.5])
        self.assertEqual(cells_of(self.markdown, "every")[5], f"{100 * mean:.0f} %")

    def test_another_device_is_refused(self):
        self.plans["device"]["name"] = "NVIDIA A100"
        with self.assertRaisesRegex(FileError, "plans for NVIDIA A100, a record of NVIDIA H200"):
            report.plans_markdown(self.plans, self.bench)

    def test_other_files_are_refused(self):
        with self.assertRaisesRegex(FileError, "fixture.json: it is no file of rondo_bench --explain"):
            report.load_plans(FIXTURE)


# The constants with which the tables below were computed. Values that were measured later are replaced here.
FIRST = types.SimpleNamespace(**{
    **vars(limit_model.H200), "clocks_per_ns": 1.755, "l2_bytes_per_ns": 5500, "l2_bytes_per_ns_per_processor": 112,
    "memory_bytes_per_ns": 4300, "cluster_bytes_per_ns": 28, "block_exchange_ns": 30})


class LimitModelTest(unittest.TestCase):
    # Microseconds per step of an LSTM with B of 1, 8, 32, 64, 128, 256, as first calculated.
    PERSISTENT = {("bf16", 128): [0.45, 0.45, 0.45, 0.45, 0.46, 0.47], ("bf16", 512): [0.60, 0.60, 0.63, 0.70, 1.0, 1.5],
                  ("bf16", 1024): [0.79, 0.93, 1.3, 1.8, 2.6, 4.0], ("bf16", 2048): [1.3, 1.4, 3.1, 4.4, 8.0, 15],
                  ("bf16", 4096): [18, 19, 19, 20, 27, 53], ("tf32", 1024): [0.92, 1.1, 1.9, 3.1, 4.4, 8.0],
                  ("f32", 1024): [0.86, 2.3, 6.8, 13]}
    STEPWISE = {512: [3.2, 3.2, 3.6], 1024: [4.3, 4.5, 6.1], 1536: [6.2, 6.6, 10.3], 2048: [8.9, 9.5, 16], 4096: [34, 34, 56]}

    def test_persistent(self):
        for (math_name, H), row in self.PERSISTENT.items():
            rows = [1, 8, 32, 64] if math_name == "f32" else [1, 8, 32, 64, 128, 256]
            for B, expected in zip(rows, row):
                time = limit_model.persistent_us(limit_model.Step(4, H, B, math_name), FIRST)
                last_digit = 10.0 ** (math.floor(math.log10(expected)) - 1)  # the table has two digits
                self.assertAlmostEqual(time, expected, delta=0.56 * last_digit, msg=(math_name, H, B))

    def test_stepwise(self):
        for H, row in self.STEPWISE.items():
            for B, expected in zip([64, 128, 256], row):
                time = limit_model.stepwise_us(limit_model.Step(4, H, B, "bf16"), FIRST)
                self.assertAlmostEqual(time, expected, delta=0.05 if expected < 16 else 0.5, msg=(H, B))

    def test_three_products_of_tf32_for_one(self):
        H, B = 1024, 128
        times = [limit_model.persistent_us(limit_model.Step(4, H, B, name)) for name in ("tf32", "tf32x3", "f32")]
        self.assertEqual(times, sorted(times))
        # The stepwise model multiplies tf32x3 in strict f32.
        self.assertEqual(*(limit_model.stepwise_us(limit_model.Step(4, H, B, name)) for name in ("tf32x3", "f32")))

    def test_input_product(self):
        # 2 * 50 * 128 * 1024 * 4096 operations at 0.8 of 989 TFLOP/s.
        time = limit_model.input_us(limit_model.Step(4, 1024, 128, "bf16"), T=50, I=1024, machine=FIRST)
        self.assertAlmostEqual(time, 2 * 50 * 128 * 1024 * 4096 / (0.8 * 989e6))
        # One row: the kernel of 8 MiB must come from memory.
        time = limit_model.input_us(limit_model.Step(4, 1024, 1, "bf16"), T=1, I=1024, machine=FIRST)
        self.assertAlmostEqual(time, 2 * (1024 * 4096 + 1024 + 4096) / 4300 / 1000)

    def test_constants_are_those_of_the_planner(self):
        step = limit_model.Step(4, 4096, 1, "bf16")
        faster = types.SimpleNamespace(**{**vars(limit_model.H200), "memory_bytes_per_ns": 8000})
        self.assertLess(limit_model.stepwise_us(step, faster), limit_model.stepwise_us(step))
        self.assertEqual(vars(limit_model.H200), {constant.name: constant.value for constant in read_constants()})


class ModulesTest(unittest.TestCase):
    RECORD = {"format": "rondo_torch_modules 1", "torch": "2.0", "machine": "a processor",
              "cases": [{"case": "padded", "torch": {"low": 3e-6, "median": 4e-6, "high": 5e-6},
                         "rondo": {"low": 1e-6, "median": 2e-6, "high": 3e-6}},
                        {"case": "packed", "torch": {"low": 7e-6, "median": 8e-6, "high": 9e-6},
                         "rondo": {"low": 1e-6, "median": 1e-6, "high": 2e-6}}]}

    def test_table_and_chart(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            text = modules_markdown(self.RECORD, pathlib.Path(folder), page)
            self.assertIn("| packed | 8 (7 to 9) | 1 (1 to 2) | 8.00x |", text)
            self.assertIn("geometric mean of the ratios is 4.00x, the least 2.00x, of padded", text)
            self.assertIn("](torch_modules.svg)", text)
            self.assertIn("packed", (pathlib.Path(folder) / "torch_modules.svg").read_text())

    def test_other_files_are_refused(self):
        broken = copy.deepcopy(self.RECORD)
        del broken["cases"][1]["rondo"]["low"]
        for record in ({}, {"format": "another"}, broken):
            with self.assertRaises(FileError):
                check_modules(record, "file")


if __name__ == "__main__":
    unittest.main()
