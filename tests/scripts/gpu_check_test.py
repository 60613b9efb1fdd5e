"""scripts/gpu-check with stub programs: what it says, and with which code it exits, when each of its steps goes wrong."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE.parent.parent / "scripts" / "gpu-check"
PROGRAMS = ("parity_test", "golden_test", "rondo_bench", "rondo_micro")
STEPS = ["parity", "goldens", "memcheck", "racecheck", "synccheck", "memcheck_persistent", "racecheck_persistent",
         "synccheck_persistent", "soak", "micro", "bench", "bench_steps", "alternatives", "bench_further"]


class GpuCheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.package = pathlib.Path(folder.name, "package")
        self.tools = pathlib.Path(folder.name, "tools")
        self.out = pathlib.Path(folder.name, "results", "record.json")
        for place, names in ((self.package, PROGRAMS), (self.tools, ("nvidia-smi", "compute-sanitizer"))):
            place.mkdir()
            for name in names:
                (place / name).symlink_to(HERE / "stub")
        (self.package / "cases").mkdir()
        (self.package / "commit").write_text("abc1234\n")

    def check(self, stub="", arguments=("--minutes", "1")):
        """(exit code, what was printed, the record or None)."""
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "STUB": stub, "RONDO_TEST_SEED": "7"}
        done = subprocess.run([SCRIPT, "--prebuilt", self.package, "--out", self.out, *arguments], env=environment, text=True,
                              capture_output=True, check=False)
        record = json.loads(self.out.read_text()) if self.out.exists() else None
        return done.returncode, done.stdout + done.stderr, record

    def steps(self, record):
        return {step["name"]: step for step in record["steps"]}

    def expect_failure(self, stub, step, words):
        """Exactly this step fails, with these words in its record, and so does the whole."""
        code, printed, record = self.check(stub)
        self.assertEqual(code, 1, printed)
        self.assertEqual(record["outcome"], "failed")
        steps = self.steps(record)
        self.assertEqual([name for name in steps if steps[name]["outcome"] == "failed"], [step])
        self.assertIn(words, json.dumps(steps[step]))

    def test_all_is_well(self):
        code, printed, record = self.check()
        self.assertEqual(code, 0, printed)
        self.assertEqual(record["outcome"], "passed")
        self.assertEqual((record["commit"], record["bench"]["commit"], record["seed"]), ("abc1234", "abc1234", "7"))
        self.assertEqual((record["micro"]["commit"], len(record["micro"]["measurements"])), ("abc1234", 1))
        self.assertEqual(record["device"]["driver_version"], "580.1")
        self.assertEqual(record["versions"], {"cudnn": "9.13.1"})
        self.assertEqual(record["parity"]["cases"]["cuda_stepwise f32"]["worst_error"], 1e-6)
        steps = self.steps(record)
        self.assertEqual(list(steps), STEPS)
        self.assertEqual({step["outcome"] for step in steps.values()}, {"passed"})
        self.assertEqual((steps["parity"]["tests"], steps["parity"]["failures"]), (1, 0))
        self.assertEqual(steps["soak"]["properties"], {"drift_bytes": "0"})
        self.assertEqual(steps["memcheck"]["errors"], 0)
        self.assertIn("--tool racecheck", steps["racecheck"]["command"])
        self.assertIn("RONDO_TEST_SEED=7", printed)
        self.assertEqual(record["plans"], {"lstm/H1/bf16/plain": "  cuda_persistent runs it\n    on h200",
                                           "gru/H1/bf16/plain": "  cuda_stepwise runs it"})

    def test_what_is_measured(self):
        record = self.check()[2]
        wanted = {"bench": ["--set quick", "--ceilings", "--executors ^(cuda_persistent|cuda_stepwise|cudnn)"],
                  "bench_steps": ["--set steps", "--executors ^(cuda_persistent|cuda_stepwise)"],
                  "alternatives": ["--set quick", "--alternatives 6", "--rounds 5",
                                   "--executors ^(cuda_persistent|cuda_stepwise|block|cluster|grid)"],
                  "bench_further": ["--set variants,flashrnn,applications,training,inference",
                                    "--executors ^(cuda_persistent|cuda_stepwise|cudnn)",
                                    "--filter ^(?!(lstm/H1/rondo_bench)$)"]}  # what is in bench.json
        for name, words in wanted.items():
            for word in words + ["--device cuda:0", "--commit abc1234"]:
                self.assertIn(word, record[name]["arguments"], name)
            minutes = float(record[name]["arguments"].split("--minutes ")[1].split()[0])
            self.assertTrue(0.3 < minutes <= 0.5, (name, minutes))  # of one, with some seconds to end in

    def test_persistent_kernels_under_the_sanitizers(self):
        steps = self.steps(self.check()[2])
        for tool in ("memcheck", "racecheck", "synccheck"):
            command = steps[f"{tool}_persistent"]["command"]
            self.assertIn(f"--tool {tool} ", command)
            self.assertIn("--gtest_filter=*PersistentParity.HazardousSizes*", command)

    def test_a_disagreement_of_a_persistent_kernel_under_a_sanitizer(self):
        code, _, record = self.check("persistent_test=fail")
        self.assertEqual(code, 1)
        failed = {name for name, step in self.steps(record).items() if step["outcome"] == "failed"}
        self.assertEqual(failed, {"memcheck_persistent", "racecheck_persistent", "synccheck_persistent"})

    def test_specs(self):
        for arguments, specs in (((), "400"), (("--specs", "100000"), "100000")):
            record = self.check("parity_test=fail", ("--minutes", "1", *arguments))[2]
            self.assertEqual(record["specs"], specs)
            self.assertIn(f"specs={specs}", self.steps(record)["parity"]["output"])
        printed = self.check(arguments=("--help",))[1]
        for words in ("--specs N", "three times more", "100000", "--minutes N"):
            self.assertIn(words, printed)

    def test_without_a_gpu(self):
        code, printed, record = self.check("nvidia-smi=none")
        self.assertEqual((code, record), (77, None))
        self.assertEqual(len(printed.splitlines()), 1)
        self.assertIn("no GPU", printed)

    def test_a_disagreement(self):
        self.expect_failure("parity_test=fail", "parity", "parity_test seed=7 device=cuda:0")

    def test_a_disagreement_under_a_sanitizer(self):
        code, _, record = self.check("small_test=fail")
        self.assertEqual(code, 1)
        self.assertEqual(self.steps(record)["racecheck"]["failed"], ["Some.A"])

    def test_a_golden_disagrees(self):
        self.expect_failure("golden_test=fail", "goldens", "Some.A")

    def test_no_test_ran(self):
        self.expect_failure("soak_test=empty", "soak", "no test ran")

    def test_all_tests_were_skipped(self):
        self.expect_failure("golden_test=skip", "goldens", "no test ran")

    def test_time_is_limited(self):
        self.expect_failure("golden_test=hang", "goldens", "ran out of its time after 2 tests")

    def test_without_time_the_rest_is_not_measured(self):
        code, _, record = self.check("parity_test=hang golden_test=hang soak_test=hang")
        self.assertEqual(code, 1)
        outcomes = {name: step["outcome"] for name, step in self.steps(record).items()}
        self.assertEqual((outcomes["micro"], outcomes["bench"]), ("passed", "passed"))
        self.assertEqual([name for name in STEPS if outcomes[name] == "skipped"],
                         ["bench_steps", "alternatives", "bench_further"])
        self.assertIn("the time was over", self.steps(record)["alternatives"]["note"])
        self.assertEqual((record["alternatives"], record["bench_further"]), (None, None))

    def test_progress_is_not_kept(self):
        output = self.steps(self.check("parity_test=fail")[2])["parity"]["output"]
        self.assertNotIn("OK", output)

    def test_the_benchmark_fails(self):
        self.expect_failure("rondo_bench=fail", "bench", "exit_code")

    def test_the_benchmark_leaves_nothing(self):
        self.expect_failure("rondo_bench=none", "bench", "measured nothing")

    def test_the_benchmark_measured_nothing(self):
        self.expect_failure("rondo_bench=empty", "bench", "measured nothing")

    def test_further_measurements_fail(self):
        self.expect_failure("bench_steps=fail", "bench_steps", "exit_code")
        self.expect_failure("alternatives=empty", "alternatives", "measured nothing")
        self.expect_failure("bench_further=none", "bench_further", "measured nothing")

    def test_without_plans(self):
        code, printed, record = self.check("plans=fail")
        self.assertEqual((code, record["plans"]), (0, {}), printed)

    def test_the_constants_fail(self):
        self.expect_failure("rondo_micro=fail", "micro", "exit_code")
        self.assertEqual(len(self.check("rondo_micro=fail")[2]["micro"]["measurements"]), 1)  # what there is, is kept

    def test_the_constants_hang(self):
        self.expect_failure("rondo_micro=hang", "micro", "ran out of its time")

    def test_the_constants_leave_nothing(self):
        self.expect_failure("rondo_micro=none", "micro", "measured nothing")

    def test_no_constant_was_measured(self):
        self.expect_failure("rondo_micro=empty", "micro", "measured nothing")

    def test_a_sanitizer_finds_something(self):
        code, _, record = self.check("compute-sanitizer=errors")
        self.assertEqual(code, 1)
        for name in ("memcheck", "racecheck_persistent"):
            self.assertEqual(self.steps(record)[name]["errors"], 3)

    def test_a_sanitizer_says_nothing(self):
        code, _, record = self.check("compute-sanitizer=silent")
        self.assertEqual(code, 1)
        self.assertIn("no summary", self.steps(record)["synccheck"]["note"])

    def test_a_device_that_the_sanitizer_does_not_know(self):
        code, printed, record = self.check("compute-sanitizer=unsupported")
        self.assertEqual(code, 0, printed)
        self.assertEqual(self.steps(record)["racecheck"]["outcome"], "skipped")
        self.assertIn("not supported", self.steps(record)["racecheck"]["note"])

    def test_paths_are_the_callers(self):
        os.chdir(self.package.parent)
        self.addCleanup(os.chdir, HERE)
        self.package, self.out = pathlib.Path("package"), pathlib.Path("record.json")
        code, printed, record = self.check()
        self.assertEqual(code, 0, printed)
        self.assertEqual(record["outcome"], "passed")

    def test_an_archive(self):
        archive = self.package.parent / "package.tar.gz"
        subprocess.run(["tar", "-czhf", archive, "-C", self.package, "."], check=True)  # what the links lead to
        self.package = archive
        code, printed, record = self.check()
        self.assertEqual(code, 0, printed)
        self.assertEqual(record["commit"], "abc1234")

    def test_wrong_calls(self):
        self.assertEqual(self.check(arguments=("--minutes", "soon"))[0], 2)
        self.assertEqual(self.check(arguments=("--specs", "0"))[0], 2)
        self.assertEqual(self.check(arguments=("--nonsense",))[0], 2)
        for program in PROGRAMS:
            (self.package / program).rename(self.package / "elsewhere")
            code, printed, _ = self.check()
            self.assertEqual(code, 2)
            self.assertIn(program, printed)
            (self.package / "elsewhere").rename(self.package / program)


if __name__ == "__main__":
    unittest.main()
