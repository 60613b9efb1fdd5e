"""serving_smoke_test.py PEERS: measures tiny streams. Times decide nothing."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parent.parent
PEERS = sys.argv[1]


def measured(folder, threads):
    return subprocess.run([sys.executable, str(BENCH / "serving/serving.py"), "--peers", PEERS, "--threads", "1", "--streams", "6",
                           "--units", "8 16", "--rounds", "2", "--load-rounds", "2", "--load-seconds", "0.01", "--json",
                           str(pathlib.Path(folder, "r.json")), "--table", str(pathlib.Path(folder, "r.md"))],
                          env={**os.environ, "OMP_NUM_THREADS": threads}, text=True, capture_output=True, check=False)


class ServingSmokeTest(unittest.TestCase):
    def test_everything_is_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            done = measured(folder, "1")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            record = json.loads(pathlib.Path(folder, "r.json").read_text())
            table = pathlib.Path(folder, "r.md").read_text()
        self.assertEqual([result["H"] for result in record["results"]], [8, 16])
        for result in record["results"]:
            self.assertLessEqual({"session", "pool"}, set(result["seconds"]))
            self.assertNotIn("pool", result["ratios"])
            for load in result["loads"].values():
                self.assertLessEqual(load["p50"]["median"], load["p99"]["median"])
                self.assertTrue(1 <= load["rows_a_call"]["median"] <= 6)
        self.assertEqual(table.count("as fast as it answers"), 2)

    def test_threads_of_openmp_must_agree(self):
        with tempfile.TemporaryDirectory() as folder:
            done = measured(folder, "2")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("set OMP_NUM_THREADS=1", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
