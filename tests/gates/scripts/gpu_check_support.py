"""Runs scripts/gpu-check in a folder of its own, with stub programs and a stub nvidia-smi."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE.parents[2] / "scripts" / "gpu-check"
PROGRAMS = ("first_light", "parity_test", "golden_test", "rondo_bench", "rondo_micro")
# The cases of the stub's first_light.
CASES = ["block_one", "cluster_2", "cluster_8", "grid_packets", "grid_two_phases", "grid_two_streams"]
FIRST = [*(f"first_light_{case}" for case in CASES), "micro", "headline_lstm_H768_B16_f16", "headline_lstm_H256_B1_f32",
         "headline_lstm_H256_B16_bf16", "headline_lstm_H512_B1_bf16", "headline_lstm_H1024_B4_bf16", "headline_gru_H1536_B4_bf16"]
REST = ["parity_block", "parity_cluster", "parity_grid", "parity_rest", "memcheck_persistent", "racecheck_persistent",
        "synccheck_persistent", "goldens", "soak", "parity_large", "bench", "alternatives", "bench_steps", "memcheck",
        "racecheck", "synccheck", "bench_further"]


class GpuCheckCase(unittest.TestCase):
    command = [SCRIPT]

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.package = pathlib.Path(folder.name, "package")
        self.tools = pathlib.Path(folder.name, "tools")
        self.out = pathlib.Path(folder.name, "results", "run")
        for place, names in ((self.package, PROGRAMS), (self.tools, ("nvidia-smi", "compute-sanitizer"))):
            place.mkdir()
            for name in names:
                (place / name).symlink_to(HERE / "stub")
        (self.package / "cases").mkdir()
        (self.package / "commit").write_text("abc1234\n")
        (self.package / "architecture").write_text("90a\n")

    def start(self, stub="", arguments=("--minutes", "1"), **environment):
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "STUB": stub, "RONDO_TEST_SEED": "7",
                       **environment}
        return subprocess.Popen([*self.command, "--prebuilt", self.package, "--out", self.out, *arguments], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def record(self):
        path = self.out / "record.json"
        return json.loads(path.read_text()) if path.exists() else None

    def check(self, stub="", arguments=("--minutes", "1"), **environment):
        """Runs gpu-check. Returns (exit code, output, the record or None)."""
        with self.start(stub, arguments, **environment) as process:
            printed = process.communicate()[0]
        return process.returncode, printed, self.record()

    def part(self, name, stub="", **environment):
        return self.check(stub, ("--part", name, "--minutes", "1"), **environment)

    def steps(self, record):
        return {step["name"]: step for step in record["steps"]}

    def of_outcome(self, record, outcome):
        return [step["name"] for step in record["steps"] if step["outcome"] == outcome]

    def expect_failure(self, stub, step, words):
        """Expects that exactly this step fails, with these words in its record, and that gpu-check fails."""
        code, printed, record = self.part("first" if step in FIRST else "rest", stub)
        self.assertEqual(code, 1, printed)
        self.assertEqual(record["outcome"], "failed")
        self.assertEqual(self.of_outcome(record, "failed"), [step])
        self.assertIn(words, json.dumps(self.steps(record)[step]))
