"""smoke_test.py BENCH DEVICE: runs the set "smoke" and checks the file that rondo_bench leaves. Times decide nothing."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "report"))

import report  # noqa: E402
from alternatives import NAMES  # noqa: E402
from measurements import load, points_of  # noqa: E402

BENCH, DEVICE = sys.argv[1:3]
PERSISTENT = ("cuda_persistent", "cuda_block", "cuda_cluster", "cuda_grid")
WAY_FIELDS = ("name", "kind", "blocks", "teams", "rows", "row_tiles", "octets", "unit_warps", "k_warps", "k_tiles",
              "streamed_tiles", "input_tiles", "input_k_warps", "register_weight_bytes", "shared_weight_bytes",
              "streamed_weight_bytes", "input_weight_bytes", "shared_bytes")


def run(*arguments, device=DEVICE):
    return subprocess.run([BENCH, "--device", device, "--rounds", "2", "--round-ms", "0.01", *arguments], text=True,
                          capture_output=True, check=False)


class SmokeTest(unittest.TestCase):
    def test_the_file_has_all_points_and_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "smoke.json")
            done = run("--set", "smoke", "--commit", "abc1234", "--json", str(path))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            bench = load(path)
            self.assertEqual([p.name for p in pathlib.Path(folder).iterdir()], ["smoke.json"])
        self.assertEqual(bench["commit"], "abc1234")
        self.assertEqual(bench["device"]["kind"], DEVICE)
        self.assertEqual([r["id"] for r in bench["results"]], [p["id"] for p in points_of(HERE.parent / "points/smoke.json")])
        for result in bench["results"]:
            self.look_at(result)
        self.assertIn("### lstm, f32", report.results_markdown(bench))

    def look_at(self, result):
        self.assertEqual(result["failures"], [], result["id"])
        graphs = ["eager"] if DEVICE == "cpu" else ["eager", "replayed"]
        executors = list(dict.fromkeys(run["executor"] for run in result["runs"]))
        self.assertTrue(executors, result["id"])
        self.assertEqual([(r["executor"], r["graph"]) for r in result["runs"]], [(e, g) for e in executors for g in graphs])
        for run_of_one in result["runs"]:
            self.assertEqual(run_of_one["rounds"], 2)
            self.assertGreaterEqual(run_of_one["runs_per_round"], 1)
            self.assertLess(run_of_one["difference"], 0.02)
            self.look_at_way(run_of_one, result)
        self.assertTrue(all(r["reason"] for r in result["refusals"]))
        gates = {"l": 4, "g": 3, "s": 1}[result["cell"][0]]
        self.assertEqual(result["flops"], 2 * 6 * 3 * gates * 8 * (5 + 8))
        y = 3 * 8 if result["variant"] == "last_output" else 6 * 3 * 8
        width = 2 if result["math"] == "bf16" else 4
        self.assertEqual(result["bytes"], width * (gates * 8 * (5 + 8) + 6 * 3 * 5 + y))

    def look_at_way(self, run_of_one, result):
        """A persistent kernel reports how it shares out the recurrence, and every executor with a model its prediction."""
        persistent = run_of_one["executor"] in PERSISTENT or run_of_one["executor"].startswith(NAMES)
        self.assertEqual("way" in run_of_one, persistent)
        self.assertEqual("predicted_us_per_run" in run_of_one, persistent or run_of_one["executor"] == "cuda_stepwise")
        if "predicted_us_per_run" in run_of_one:
            self.assertGreater(run_of_one["predicted_us_per_run"], 0)
            self.assertAlmostEqual(run_of_one["predicted_us_per_step"] * result["T"], run_of_one["predicted_us_per_run"])
        if not persistent:
            return
        way = run_of_one["way"]
        self.assertEqual([name for name in WAY_FIELDS if name not in way], [])
        self.assertTrue(way["name"].startswith(f"{way['kind']}_{way['blocks']}x{way['teams']}_{way['rows']}rows_"), way)
        self.assertGreaterEqual(way["blocks"] * way["unit_warps"] * way["octets"] * 8, result["H"])
        self.assertGreaterEqual(way["teams"] * way["rows"], result["B"])
        self.assertIs(way["from_table"], False)

    def test_alternatives_are_named_by_their_ways(self):
        if DEVICE == "cpu":
            return
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "smoke.json")
            done = run("--set", "smoke", "--filter", "gru.*bf16", "--alternatives", "2", "--json", str(path))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            (result,) = load(path)["results"]
        ways = [one for one in result["runs"] if one["executor"].startswith(NAMES)]
        self.assertEqual([one["way"]["kind"] for one in ways], ["block", "block", "grid", "grid"])
        for one in ways:
            self.assertEqual(one["executor"], one["way"]["name"])
            self.look_at_way(one, result)

    def test_plans_for_a_gpu_that_is_not_here(self):
        if DEVICE == "cpu":
            return
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "plans.json")
            done = run("--set", "quick", "--explain", "h200", "--json", str(path))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            plans = report.load_plans(path)
        self.assertEqual([plan["id"] for plan in plans["plans"]], [p["id"] for p in points_of(HERE.parent / "points/quick.json")])
        for plan in plans["plans"]:
            self.assertIn(f"{plan['id']}\n", done.stdout)
            self.assertEqual("way" in plan, plan["executor"] == "cuda_persistent")
            self.assertGreater(plan["predicted_us_per_run"], 0)
        self.assertEqual({plan["executor"] for plan in plans["plans"]}, {"cuda_persistent", "cuda_stepwise"})

    def test_sets_are_read_as_the_report_reads_them(self):
        for path in sorted((HERE.parent / "points").glob("*.json")):
            listed = run("--set", path.stem, "--list").stdout.split()
            self.assertEqual(sorted(listed), sorted(point["id"] for point in points_of(path)))
        everything = run("--set", "all", "--list").stdout.split()
        self.assertEqual(len(everything), len(set(everything)))
        self.assertLessEqual(set(run("--set", "quick", "--list").stdout.split()), set(everything))

    def test_filter_and_time_limit(self):
        listed = run("--set", "smoke", "--list", "--filter", "gru.*bf16").stdout.split()
        self.assertEqual(listed, ["gru/H8/B3/T6/I5/bf16/plain"])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "smoke.json")
            self.assertEqual(run("--set", "smoke", "--minutes", "1e-9", "--json", str(path)).returncode, 0)
            self.assertGreaterEqual(len(load(path)["unmeasured"]), 11)

    def test_mistakes_are_named(self):
        for done, words in ((run("--set", "nonsense"), "nonsense"), (run("--set", "smoke", "--filter", "xyz"), "xyz"),
                            (run("--set", "smoke", device="tpu"), "tpu")):
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
