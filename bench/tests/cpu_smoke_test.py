"""cpu_smoke_test.py PEERS: runs a tiny contest on the CPU and makes its report. Times decide nothing."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BENCH / "report"))

import cpu_tables  # noqa: E402
import report  # noqa: E402

PEERS = sys.argv[1]
POINTS = {"points": [{"cell": ["lstm", "gru"], "H": 8, "I": [5, 8], "T": 6, "B": 3},
                     {"cell": "lstm", "H": 8, "T": 1, "B": 1, "variants": True}]}


def contest(folder, *options, **environment):
    points = pathlib.Path(folder, "points.json")
    points.write_text(json.dumps(POINTS))
    return subprocess.run([sys.executable, str(BENCH / "cpu/contest.py"), "--peers", PEERS, "--threads", "1", "--points",
                           str(points), *options, "--rounds", "2", "--commit", "abc1234", "--json", str(pathlib.Path(folder, "r.json"))],
                          env={**os.environ, **environment}, text=True, capture_output=True, check=False)


class CpuSmokeTest(unittest.TestCase):
    def test_every_point_has_every_peer(self):
        with tempfile.TemporaryDirectory() as folder:
            done = contest(folder, OMP_NUM_THREADS="1")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            record = cpu_tables.load(pathlib.Path(folder, "r.json"))
            document = pathlib.Path(folder, "doc.md")
            document.write_text("<!-- cpu:begin -->\n<!-- cpu:end -->\n")
            report.main(["cpu", str(pathlib.Path(folder, "r.json")), "--doc", str(document), "--plots", folder])
            text = document.read_text()
            self.assertTrue(pathlib.Path(folder, "cpu_1_threads.svg").exists())
        self.assertEqual(len(record["results"]), 5)
        for result in record["results"]:
            self.assertLessEqual(set(record["peers"]), set(result["seconds"]))
            self.assertIn(f"| {result['name']} |", text)
            self.assertIn(result["best"], record["peers"][1:])
        self.assertIn("| T = 1, whole call | 1 |", text)
        self.assertIn("| holes |", text)

        self.assertIn("forward_training", text)
        self.assertLess(max(max(result["errors"].values()) for result in record["results"]), 1e-6)

    def test_bf16_has_errors_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            done = contest(folder, "--mode", "bf16", OMP_NUM_THREADS="1")
            if "no other library runs in mode bf16 here" in done.stderr:
                self.skipTest("this processor has no products of bf16")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            record = cpu_tables.load(pathlib.Path(folder, "r.json"))
            report.main(["cpu", str(pathlib.Path(folder, "r.json")), "--plots", folder])
            self.assertTrue(pathlib.Path(folder, "cpu_bf16_1_threads.svg").exists())
        self.assertIn("1 thread, bf16", cpu_tables.record_markdown(record))
        for result in record["results"]:
            for name, error in result["errors"].items():
                self.assertTrue(1e-4 < error < 2e-2, f"{name}: {error}")

    def test_threads_of_openmp_must_agree(self):
        with tempfile.TemporaryDirectory() as folder:
            done = contest(folder, OMP_NUM_THREADS="2")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("set OMP_NUM_THREADS=1", done.stderr)


class CpuTablesTest(unittest.TestCase):
    def setUp(self):
        spread = lambda value: {"median": value, "p10": 0.9 * value, "p90": 1.1 * value, "least": 0.9 * value}
        point = {"cell": "lstm", "H": 4, "I": 4, "T": 10, "B": 1, "name": "point", "flops": 200, "recurrent_bytes": 64,
                 "seconds": {"Rondo": spread(100e-6), "A 1": spread(150e-6), "B 2+x": spread(96e-6)},
                 "ratios": {"A 1": spread(1.5), "B 2+x": spread(0.96)}, "best": "B 2+x"}
        self.record = {"threads": 1, "rounds": 7, "date": "2026-01-01T00:00:00", "processor": "p", "commit": "c",
                       "peers": ["Rondo", "A 1", "B 2+x"], "results": [point, {**point, "B": 8, "best": "A 1"}],
                       "limits": {"flops": 20e6, "product": 10e6, "read": {"64": 32e6}}}

    def test_rows(self):
        # The run takes 100 us. 100 operations of the inputs at 10 MFLOP/s take 10 us. 100 recurrent operations would
        # also take 10 us, but 10 times 64 bytes at 32 MB/s take 20 us. The best peer takes 96 us.
        self.assertEqual(cpu_tables.speed_rows(self.record)[0],
                         ["point", "10.00", "30 %", "15.00", "9.60", "**0.96** (0.86 to 1.06) B 2", "3.20"])
        self.record["limits"]["read"]["64"] = 64e9
        self.assertEqual(cpu_tables.speed_rows(self.record)[0][2], "20 %")
        # One step, with 10 operations of either kind: both kernels are read once, in 2 us each.
        self.record["limits"]["read"]["64"] = 32e6
        self.record["results"][0].update(T=1, flops=20)
        self.assertEqual(cpu_tables.speed_rows(self.record)[0][2], "4 %")

    def test_another_mode_has_no_limits(self):
        errors = {"Rondo": 2e-3, "A 1": 1e-3, "B 2+x": 3e-3}
        results = [{**point, "errors": errors} for point in self.record["results"]]
        record = {**self.record, "mode": "bf16", "results": results}
        self.assertEqual(cpu_tables.speed_rows(record)[0],
                         ["point", "10.00", "15.00", "9.60", "**0.96** (0.86 to 1.06) B 2", "2.0e-03, 3.0e-03"])
        self.assertEqual(len(cpu_tables.speed_heads(record)), 6)
        self.assertEqual(cpu_tables.summary_rows(record)[0], ["all", "2", "1.20", "0.96", "1"])

    def test_summary(self):
        self.assertEqual(cpu_tables.summary_rows(self.record),
                         [["all", "2", "1.20", "0.96", "1", "4.00"], ["lstm, B up to 4", "1", "0.96", "0.96", "1", "3.20"],
                          ["lstm, larger B", "1", "1.50", "1.50", "0", "5.00"]])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
