"""Checks the tuning table that report.py writes for made-up records, row by row, and the table in the sources.

    tuning_test.py                 runs the tests
    tuning_test.py --header FILE   writes the table of these records, for tuning_header_test.cpp
"""

import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "report"), str(HERE)]

import measurements  # noqa: E402
import report  # noqa: E402
import tuning  # noqa: E402
from measurements import FileError, load  # noqa: E402
from report_test import FIXTURE, a_result  # noqa: E402
from tuning import modelled_choice, shared_alike, tuning_header, winner  # noqa: E402

ROOT = HERE.parent.parent
TABLE = ROOT / "src" / "cuda" / "persistent" / "planner" / "tuning_rows.h"
# The name of each way, and its predicted and measured microseconds per run.
FAST_CLUSTER = ("cluster_16x4_8rows_32units_4k", 120, 70)
CHOICE = ("cluster_16x8_4rows_32units_4k", 100, 80)
SLOW_GRID = ("grid_32x4_8rows_16units_4k", 200, 75)
STEPWISE = ("cuda_stepwise", 400, 390)


def way_of(name):
    """The fields that rondo_bench writes about the way of this name, as far as the table needs them."""
    kind, grid, rows = name.split("_")[:3]
    blocks, teams = grid.split("x")
    rows = int(rows.removesuffix("rows"))
    return {"name": name, "kind": kind, "blocks": int(blocks), "teams": int(teams), "rows": rows}


def a_point(cell, H, B, T, math_name, ways, **more):
    result = a_result(cell, H, B, T, math_name, [("cuda_persistent", 80), *[(name, us) for name, _, us in ways]], **more)
    for run, (name, predicted, _) in zip(result["runs"][1:], ways):
        run["predicted_us_per_run"] = predicted
        if name != "cuda_stepwise":
            run["way"] = way_of(name)
    return result


def a_bench(results, name="NVIDIA H200", processors=132):
    bench = load(FIXTURE)
    return {**bench, "device": {**bench["device"], "name": name, "processors": processors}, "results": results}


def benches():
    """Records that have each kind of row."""
    wins = (FAST_CLUSTER, CHOICE, SLOW_GRID, STEPWISE)
    loses = (("cluster_16x4_8rows_32units_4k", 100, 450), STEPWISE)
    return [("a.json", a_bench([a_point("lstm", 512, 32, 100, "bf16", wins), a_point("lstm", 512, 32, 10, "bf16", loses),
                                a_point("lstm", 512, 32, 1000, "bf16", (CHOICE, STEPWISE)),
                                a_point("gru_reset_before", 256, 32, 100, "tf32", wins)])),
            ("b.json", a_bench([a_point("lstm", 512, 32, 100, "bf16", wins)], "NVIDIA H100 80GB HBM3")),
            ("c.json", a_bench([a_point("simple_rnn_relu", 64, 3, 25, "f32", loses)]))]


def rows_in(header):
    """The text of each row, on one line."""
    if "{{\n" not in header:
        return []
    return [" ".join(row.split()) for row in header.split("{{\n")[1].split("}};")[0].split("\n    //")]


class WinnerTest(unittest.TestCase):
    def two_ways(self, median):
        """Whether a way of 100 us wins over the model's choice of `median` us."""
        ways = (("cluster_16x4_8rows_32units_4k", 120, 100), ("block_1x32_1rows_16units_1k", 100, median))
        return a_point("lstm", 512, 32, 100, "bf16", ways)

    def test_what_the_model_takes_is_what_it_expects_to_be_fastest(self):
        for ways, expected in (((FAST_CLUSTER, CHOICE, STEPWISE), CHOICE[0]), ((CHOICE, ("cuda_stepwise", 90, 390)), "cuda_stepwise")):
            self.assertEqual(modelled_choice(a_point("lstm", 512, 32, 100, "bf16", ways))["executor"], expected)

    def test_a_gain_is_more_than_three_percent_and_more_than_the_spread(self):
        def won(median, p10=0.99, p90=1.03, of=1):
            result = self.two_ways(median)
            times = result["runs"][of]["us_per_run"]
            times.update(p10=times["median"] * p10, p90=times["median"] * p90)
            return winner(result) is not None
        self.assertFalse(won(100))
        self.assertFalse(won(103.9))  # the spread from p10 to p90 is 4 %
        self.assertTrue(won(104.1))
        self.assertTrue(won(106, 0.97, 1.02))
        self.assertFalse(won(104.9, 0.97, 1.02))
        self.assertFalse(won(104.9, 0.97, 1.02, of=2))

    def test_three_percent_are_needed_where_there_is_no_spread(self):
        for median, wins in ((102.9, False), (103.1, True)):
            result = self.two_ways(median)
            for run in result["runs"]:
                run["us_per_run"].update(p10=run["us_per_run"]["median"], p90=run["us_per_run"]["median"])
            self.assertEqual(winner(result) is not None, wins)

    def test_runs_call_by_call_do_not_count(self):
        result = a_point("lstm", 512, 32, 100, "bf16", (CHOICE, ("cuda_stepwise", 400, 10)))
        result["runs"][2]["graph"] = "eager"
        self.assertIsNone(winner(result))

    def test_predictions_must_be_there(self):
        result = a_point("lstm", 512, 32, 100, "bf16", (CHOICE, STEPWISE))
        del result["runs"][1]["predicted_us_per_run"]
        with self.assertRaises(FileError) as caught:
            winner(result)
        self.assertIn(CHOICE[0], str(caught.exception))


class TableTest(unittest.TestCase):
    def rows(self, *results):
        return rows_in(tuning_header([("a.json", a_bench(list(results)))]))

    def test_all_of_it(self):
        header = tuning_header(benches())
        self.assertIn("std::array<TuningRow, 5> kTuningRows{{\n", header)
        self.assertIn("""    // lstm/H512/B32/T100/I512/bf16/plain: cluster_16x8_4rows_32units_4k took 0.8 us a step
    {.device = "NVIDIA H200", .processors = 132, .cell = CellKind::lstm, .reset_after = true,
     .dtype = DType::bf16, .math = MatrixMath::strict, .H = 512, .B = {.least = 29, .most = 32}, .T = {.least = 100, .most = 999},
     .I = {.least = 512}, .candidate = "cluster_16x4_8rows_32units_4k", .step_us = 0.7, .record = "a.json"},
""", header)
        for words in ('.device = "NVIDIA H100 80GB HBM3"', ".cell = CellKind::gru, .reset_after = false",
                      ".dtype = DType::f32, .math = MatrixMath::tf32", ".cell = CellKind::simple_rnn, .reset_after = true",
                      '.T = {.least = 1, .most = 10}, .candidate = "cuda_stepwise", .step_us = 39'):
            self.assertIn(words, " ".join(header.split()))

    def test_inputs_in_the_kernel_are_for_no_more_of_them(self):
        faster = ("cluster_16x4_8rows_32units_4k_fused", 120, 60)
        header = tuning_header([("a.json", a_bench([a_point("lstm", 512, 32, 100, "bf16", (CHOICE, faster))]))])
        self.assertIn('.I = {.most = 512}, .candidate = "cluster_16x4_8rows_32units_4k_fused"', header)

    def test_the_planner_wants_a_gain_of_inputs_in_the_kernel(self):
        for predicted, expected in ((96, CHOICE[0]), (94, "cluster_16x4_8rows_32units_4k_fused")):
            fused = ("cluster_16x4_8rows_32units_4k_fused", predicted, 60)
            choice = modelled_choice(a_point("lstm", 512, 32, 100, "bf16", (CHOICE, fused, STEPWISE)))
            self.assertEqual(choice["executor"], expected)

    def test_where_the_model_is_right_there_is_no_row(self):
        self.assertEqual(self.rows(a_point("lstm", 512, 32, 100, "bf16", (CHOICE, STEPWISE))), [])
        self.assertEqual(tuning_header([]).count("std::array<TuningRow, 0> kTuningRows{};"), 1)

    def test_variants_and_points_without_alternatives_are_left_out(self):
        wins = (FAST_CLUSTER, CHOICE, STEPWISE)
        self.assertEqual(self.rows(a_point("lstm", 512, 32, 100, "bf16", wins, variant="holes"),
                                   a_result("lstm", 512, 4, 100, "bf16", [("cuda_persistent", 90), ("cuda_stepwise", 10)])), [])

    def test_the_last_record_of_a_point_counts(self):
        faster = (("cluster_16x4_8rows_32units_4k", 120, 50), CHOICE, STEPWISE)
        records = [("old.json", a_bench([a_point("lstm", 512, 32, 100, "bf16", (FAST_CLUSTER, CHOICE))])),
                   ("new.json", a_bench([a_point("lstm", 512, 32, 100, "bf16", faster)]))]
        (row,) = rows_in(tuning_header(records))
        self.assertIn('.step_us = 0.5, .record = "new.json"', row)
        (row,) = rows_in(tuning_header(records[::-1]))
        self.assertIn('.step_us = 0.7, .record = "old.json"', row)

    def test_of_several_I_the_least_counts(self):
        wide = {**a_point("lstm", 512, 32, 100, "bf16", (CHOICE, STEPWISE)), "I": 4096}
        for results in ((wide, benches()[0][1]["results"][0]), (benches()[0][1]["results"][0], wide)):
            self.assertEqual(len(self.rows(*results)), 1)

    def test_rows_are_for_the_B_that_are_shared_alike(self):
        self.assertEqual([B for B in range(1, 70) if shared_alike(way_of("cluster_16x4_8rows_32units_4k"), B)], [29, 30, 31, 32])
        self.assertEqual([B for B in range(1, 70) if shared_alike(way_of("grid_32x3_1rows_8units_4k"), B)], [3])
        self.assertEqual([B for B in range(1, 70) if shared_alike(way_of("grid_32x1_8rows_8units_4k"), B)], [8])
        self.assertEqual([B for B in range(1, 70) if shared_alike(way_of("grid_32x2_14rows_8units_4k"), B)], [27, 28])

    def test_what_was_measured_beside_it_bounds_a_row(self):
        point = a_point("lstm", 512, 32, 100, "bf16", (FAST_CLUSTER, CHOICE, STEPWISE))
        fine = a_point("lstm", 512, 27, 100, "bf16", (("cluster_16x4_7rows_32units_4k", 90, 60), STEPWISE))
        (row,) = self.rows(point, fine)
        self.assertIn(".B = {.least = 30, .most = 32}", row)
        (row,) = self.rows(point, a_point("lstm", 512, 32, 101, "bf16", (CHOICE, STEPWISE)))
        self.assertIn(".T = {.least = 100, .most = 100}", row)
        stepwise = a_point("lstm", 512, 32, 200, "bf16", (CHOICE, ("cuda_stepwise", 400, 10)))
        rows = self.rows(point, stepwise)
        self.assertIn(".T = {.least = 100, .most = 199}", rows[0])
        self.assertIn(".T = {.least = 200, .most = 200}", rows[1])
        (row,) = self.rows(stepwise)
        self.assertIn(".B = {.least = 32, .most = 32}, .T = {.least = 1, .most = 200}", row)

    def test_every_arithmetic_of_the_benchmark_has_its_types(self):
        asked_for_by_name = "tf32x3"  # points that name no arithmetic have no tf32x3
        self.assertEqual(sorted(tuning.MATHS), sorted([*measurements.MATHS, asked_for_by_name]))

    def test_an_arithmetic_that_the_table_has_not_is_named(self):
        with self.assertRaises(FileError) as caught:
            self.rows(a_point("lstm", 512, 32, 100, "f8", (FAST_CLUSTER, CHOICE)))
        self.assertIn("f8", str(caught.exception))


class FilesTest(unittest.TestCase):
    def test_from_all_kinds_of_records_into_a_header(self):
        bench = benches()[0][1]
        check = {"format": "rondo_gpu_check 1", "bench": bench}
        records = {"1.json": check, "2.json": {**check, "alternatives": bench}, "3.json": {"peers": [], "results": []},
                   "4.json": bench}
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in records]
            for path, record in zip(paths, records.values()):
                path.write_text(json.dumps(record))
            header = pathlib.Path(folder, "rows.h")
            report.main(["tuning", *map(str, paths), "--header", str(header)])
            self.assertEqual(header.read_text(), tuning_header([("4.json", bench)]))
            report.main(["tuning", *map(str, paths[:3]), "--header", str(header)])
            self.assertEqual(header.read_text(), tuning_header([("2.json", bench)]))
            report.main(["tuning", str(paths[0]), str(paths[2]), "--header", str(header)])
            self.assertEqual(header.read_text(), tuning_header([]))

    def test_the_table_that_is_checked_in_is_that_of_the_records(self):
        records = sorted((ROOT / "bench" / "results").glob("*.json"))
        self.assertTrue(records)
        self.assertEqual(TABLE.read_text(), report.tuning_of(records), "write it anew: bench/report/report.py tuning")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--header"]:
        pathlib.Path(sys.argv[2]).write_text(tuning_header(benches()))
    else:
        unittest.main()
