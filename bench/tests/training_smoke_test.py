"""training_smoke_test.py BENCH DEVICE: runs training steps of the set "smoke", checks the file that rondo_bench --train leaves,
and makes its report. Times decide nothing."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "report"))

import report  # noqa: E402
from measurements import FileError, points_of  # noqa: E402
from training_tables import load_training, steps_table, summary_table, training_markdown  # noqa: E402

BENCH, DEVICE = sys.argv[1:3]
TRUSTED = "cuda_stepwise" if DEVICE != "cpu" else "reference"
GRAPHS = ["eager"] if DEVICE == "cpu" else ["eager", "replayed"]


def run(*arguments):
    return subprocess.run([BENCH, "--train", "--device", DEVICE, "--rounds", "2", "--round-ms", "0.01", *arguments], text=True,
                          capture_output=True, check=False)


class TrainingSmokeTest(unittest.TestCase):
    def test_the_file_has_all_points_and_steps(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "smoke.json")
            done = run("--set", "smoke", "--commit", "abc1234", "--json", str(path))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            record = load_training(path)
            with self.assertRaises(FileError):
                report.load(path)  # no table takes steps for runs
        self.assertEqual((record["commit"], record["device"]["kind"]), ("abc1234", DEVICE))
        self.assertEqual([r["id"] for r in record["results"]], [p["id"] for p in points_of(HERE.parent / "points/smoke.json")])
        for result in record["results"]:
            self.look_at(result)
        self.assertIn("us/backward", done.stdout)
        self.assertIn("lstm/H8/B3/T6/I5/f32/plain", training_markdown(record))

    def look_at(self, result):
        self.assertEqual(result["failures"], [], result["id"])
        pairs = list(dict.fromkeys((one["executor"], one["backward"]) for one in result["runs"]))
        self.assertIn((TRUSTED, TRUSTED), pairs, result["id"])
        self.assertEqual([(one["executor"], one["backward"], one["graph"]) for one in result["runs"]],
                         [(*pair, graph) for pair in pairs for graph in GRAPHS])
        for one in result["runs"]:
            self.assertEqual(one["rounds"], 2)
            self.assertGreaterEqual(one["steps_per_round"], 1)
            self.assertLess(one["difference"], 0.02)
            # Six steps of three rows of eight units at the most, of at least one number of two bytes.
            self.assertGreater(one["reserve_bytes"], 6 * 3 * 8 * 2 // 4)
            self.assertGreater(one["us_per_run"]["median"], 0)
            self.assertGreater(one["us_per_step"]["median"], 0)
        self.assertTrue(all(refusal["reason"] for refusal in result["refusals"]))

    def test_executors_and_points_are_chosen(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "smoke.json")
            done = run("--set", "smoke", "--filter", "gru.*bf16", "--executors", f"^{TRUSTED}$", "--json", str(path))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            (result,) = load_training(path)["results"]
        self.assertEqual({one["executor"] for one in result["runs"]}, {TRUSTED})

    def test_mistakes_are_named(self):
        for arguments, words in ((("--set", "smoke", "--alternatives", "2"), "--alternatives"), (("--set", "nonsense"), "nonsense")):
            done = run(*arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)

    def test_plans_tell_who_computes_gradients(self):
        if DEVICE == "cpu":
            return
        done = run("--set", "smoke", "--filter", "gru.*bf16", "--explain", "h200")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("computes them, from a reserve of", done.stdout)


def spread(value):
    return {"median": value, "p10": value, "p90": value, "least": value}


def a_step(executor, backward, run_us, step_us, reserve_bytes=2 ** 20):
    return {"executor": executor, "backward": backward, "graph": "replayed", "us_per_run": spread(run_us),
            "us_per_backward": spread(step_us - run_us), "us_per_step": spread(step_us), "reserve_bytes": reserve_bytes}


class TrainingTablesTest(unittest.TestCase):
    def setUp(self):
        both = [a_step("cuda_persistent", "cuda_stepwise", 10.0, 40.0), a_step("cuda_stepwise", "cuda_stepwise", 20.0, 50.0),
                a_step("cudnn_standard", "cudnn_standard", 30.0, 90.0), a_step("cudnn_persist_static", "cudnn_persist_static", 20.0, 60.0)]
        point = {"cell": "lstm", "math": "f16", "failures": []}
        self.record = {"format": "rondo_training 1", "device": {"name": "a GPU"}, "date": "2026-01-01T00:00:00Z", "commit": "c",
                       "results": [{**point, "id": "a", "runs": both}, {**point, "id": "b", "runs": both[:1]}],
                       "unmeasured": ["c"]}

    def test_rows(self):
        text = steps_table(self.record)
        self.assertIn("| a | `cuda_persistent`, `cuda_stepwise` | 10.0 | 30.0 | 40.0 | 1.00 | `cudnn_persist_static` | 20.0 | 40.0 | "
                      "60.0 | 1.00 | **1.50** |", text)
        self.assertIn("| b | `cuda_persistent`, `cuda_stepwise` | 10.0 | 30.0 | 40.0 | 1.00 | - | - | - | - | - | - |", text)
        self.assertIn("| lstm | f16 | 1 | 1.50 | 1.50 |", summary_table(self.record))
        self.assertIn("- c: not measured", training_markdown(self.record))

    def test_a_record_of_gpu_check(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "record.json")
            path.write_text(json.dumps({"format": "rondo_gpu_check 1", "bench_train": self.record}))
            self.assertEqual(load_training(path), self.record)
            path.write_text(json.dumps({"format": "rondo_gpu_check 1"}))
            with self.assertRaises(FileError):
                load_training(path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
