"""cpu_smoke_test.py PEERS: runs tiny contests on the CPU, one of each mode, and makes their reports. Times decide nothing."""

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


# Runs contest.py with a oneDNN that is handed a recurrent kernel with two blocks of gates in each other's place.
WRONG_WEIGHTS = """
import runpy, sys
import peers
create = peers.SharedObject.create
def wrong(self, problem, threads, variant=""):
    if self.name.startswith("oneDNN"):
        problem.recurrent_kernel = problem.gate_blocks(problem.recurrent_kernel, [1, 0, 2, 3])
    return create(self, problem, threads, variant)
peers.SharedObject.create = wrong
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def contest(folder, *options, script=None, **environment):
    points = pathlib.Path(folder, "points.json")
    points.write_text(json.dumps(POINTS))
    path = str(BENCH / "cpu/contest.py")
    program = [path] if script is None else ["-c", f"import sys; sys.argv = sys.argv[1:]\n{script}", path]
    environment |= {"PYTHONPATH": str(BENCH / "cpu")}
    return subprocess.run([sys.executable, *program, "--peers", PEERS, "--threads", "1", "--points",
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

    def record_of(self, mode):
        """The record of a mode and its report, or a skipped test where no other library runs in the mode here."""
        with tempfile.TemporaryDirectory() as folder:
            done = contest(folder, "--mode", mode, OMP_NUM_THREADS="1")
            if f"no other library runs in mode {mode} here\n" in done.stderr.splitlines(keepends=True)[-1:]:
                self.skipTest(f"no other library has products of {mode} on this processor")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            record = cpu_tables.load(pathlib.Path(folder, "r.json"))
            report.main(["cpu", str(pathlib.Path(folder, "r.json")), "--plots", folder])
            self.assertTrue(pathlib.Path(folder, f"cpu_{mode}_1_threads.svg").exists())
        return record, cpu_tables.record_markdown(record)

    def look_at(self, record, text, errors, strict_may_run):
        """`errors` are the least and the most of each run in the mode."""
        mode = record["mode"]
        self.assertIn(f"1 thread, {mode}", text)
        self.assertIn("Rondo f32", record["beside"])
        for result in record["results"]:
            self.assertLess(result["errors"]["Rondo f32"], 1e-6)
            self.assertEqual(result["left_out"], {})
            self.assertLessEqual(set(result["strict"]), {"Rondo"} if strict_may_run else set())
            for name, error in result["errors"].items():
                is_strict = name in (*result["strict"], "Rondo f32")
                self.assertTrue(is_strict or errors[0] < error < errors[1], f"{result['name']}: {name}: {error}")
            self.assertIn(f"| {result['name']} |", text)

    def test_bf16_has_errors_of_its_own(self):
        record, text = self.record_of("bf16")
        self.assertIn("best peer / Rondo math_bf16, mean", text)
        for result in record["results"]:
            result["strict"] = [name for name in result["strict"] if name != "Rondo math_bf16"]  # it may be, on some processors
            result["errors"].pop("Rondo math_bf16")
        self.look_at(record, text, (1e-4, 2e-2), strict_may_run=False)

    def test_bf16x3_is_compared_with_f32(self):
        record, text = self.record_of("bf16x3")
        self.assertTrue(all(len(result["seconds"]) > 2 for result in record["results"]))
        self.look_at(record, text, (0, 2e-5), strict_may_run=True)

    def test_int8_has_a_peer_for_each_cell(self):
        record, text = self.record_of("int8")
        self.look_at(record, text, (1e-4, 6e-2), strict_may_run=False)
        of_onednn = [name for name in record["peers"] if name.startswith("oneDNN")]
        self.assertTrue(any(name.endswith(" bf16") for name in of_onednn), of_onednn)
        self.assertTrue(any(not name.endswith(" bf16") for name in of_onednn), of_onednn)

    def test_a_wrong_library_ends_the_contest(self):
        """A library of a wrong answer is no peer: an LSTM is handed weights in PyTorch's order of gates."""
        with tempfile.TemporaryDirectory() as folder:
            done = contest(folder, "--mode", "f32", "--filter", "lstm", OMP_NUM_THREADS="1", script=WRONG_WEIGHTS)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "y of oneDNN .* has a relative error of .*, more than 1e-05")

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
        self.assertEqual(cpu_tables.speed_rows(record)[0], ["point", "10.00", "2.0e-03", "15.00", "1.0e-03", "9.60", "3.0e-03",
                                                            "**0.96** (0.86 to 1.06) B 2"])
        self.assertEqual(cpu_tables.speed_heads(record), ["point", "Rondo", "error", "A 1", "error", "B 2", "error",
                                                          "best peer / Rondo"])

    def test_what_did_not_run_is_told(self):
        dead = [{**point, "left_out": {"C 3": "dies of SIGILL"}} for point in self.record["results"]]
        text = cpu_tables.record_markdown({**self.record, "peers": ["Rondo", "A 1", "B 2+x", "C 3"], "results": dead})
        self.assertIn("C 3 dies of SIGILL: point, point.", text)
        self.assertIn("| 15.00 | 9.60 |  | **0.96**", text)

    def test_a_second_record_of_a_mode_has_a_chart_of_its_own(self):
        names = []
        for record in (self.record, {**self.record, "mode": "int8"}, {**self.record, "date": "2026-01-02T00:00:00"}):
            names.append(cpu_tables.chart_name(record, names))
        self.assertEqual(names, ["cpu_1_threads.svg", "cpu_int8_1_threads.svg", "cpu_1_threads_2026-01-02.svg"])

    def test_versions_of_a_library_are_one_series(self):
        names = ["oneDNN 2.6.3", "oneDNN 2.6.3 forward_training", "oneDNN 3.13.3 in PyTorch", "oneDNN 3.6.2 bf16", "ONNX Runtime 1.32.0"]
        self.assertEqual([cpu_tables.family(name) for name in names], ["oneDNN", "oneDNN", "oneDNN", "oneDNN bf16", "ORT"])

    def test_summary(self):
        self.assertEqual(cpu_tables.summary_rows(self.record),
                         [["all", "2", "1.20", "0.96", "1", "4.00"], ["lstm, B up to 4", "1", "0.96", "0.96", "1", "3.20"],
                          ["lstm, larger B", "1", "1.50", "1.50", "0", "5.00"]])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
