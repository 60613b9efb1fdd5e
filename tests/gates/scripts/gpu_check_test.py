"""scripts/gpu-check with stub programs: its output and exit code when each of its steps fails."""

import json
import os
import subprocess
import unittest

from gpu_check_support import FIRST, HERE, PROGRAMS, REST, GpuCheckCase


class GpuCheckTest(GpuCheckCase):
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
        self.assertEqual(list(steps), FIRST + REST)
        self.assertEqual({step["outcome"] for step in steps.values()}, {"passed"})
        self.assertEqual(record["parity"]["cases"]["cuda_stepwise f32"]["runs"], 5 * 400)  # the sum over all processes
        self.assertEqual((steps["parity_grid"]["tests"], steps["parity_grid"]["failures"]), (1, 0))
        self.assertEqual(steps["soak"]["properties"], {"drift_bytes": "0"})
        self.assertEqual(steps["memcheck"]["errors"], 0)
        self.assertIn("--tool racecheck", steps["racecheck"]["command"])
        self.assertIn("RONDO_TEST_SEED=7", printed)
        self.assertEqual(record["plans"], {"lstm/H1/bf16/plain": "  cuda_persistent runs it\n    on h200",
                                           "gru/H1/bf16/plain": "  cuda_stepwise runs it"})

    def test_what_is_measured(self):
        record = self.part("rest")[2]
        wanted = {"bench": ["--set quick", "--ceilings", "--executors ^(cuda_persistent|cuda_stepwise|cudnn)"],
                  "bench_steps": ["--set steps", "--executors ^(cuda_persistent|cuda_stepwise)"],
                  "alternatives": ["--set quick", "--alternatives 6", "--rounds 5",
                                   "--executors ^(cuda_persistent|cuda_stepwise|block|cluster|grid)"],
                  "bench_further": ["--set variants,flashrnn,applications,training,inference",
                                    "--executors ^(cuda_persistent|cuda_stepwise|cudnn)",
                                    "--filter ^(?!(lstm/H1/rondo_bench)$)"]}  # the point in bench.json
        for name, words in wanted.items():
            for word in words + ["--device cuda:0", "--commit abc1234"]:
                self.assertIn(word, record[name]["arguments"], name)
            minutes = float(record[name]["arguments"].split("--minutes ")[1].split()[0])
            self.assertTrue(0.3 < minutes <= 0.5, (name, minutes))  # of one minute, with some seconds to end in
        self.assertNotIn("--quick", record["micro"]["arguments"])  # the first part has not run

    def test_training(self):
        code, printed, record = self.part("training")
        self.assertEqual(code, 0, printed)
        steps = self.steps(record)
        self.assertEqual(list(steps), ["parity_gradients", "bench_train"])
        self.assertIn("*Gradient*", steps["parity_gradients"]["command"])
        for words in ("--train", "--set train_steps", "--executors ^(cuda_persistent|cuda_stepwise|cudnn)", "--device cuda:0"):
            self.assertIn(words, record["bench_train"]["arguments"])
        self.assertEqual(record["versions"], {"cudnn": "9.13.1"})

    def test_training_goes_on_after_the_first_part(self):
        self.part("first", "cluster_8=fail")
        record = self.part("training")[2]
        self.assertIn("--executors ^(cuda_stepwise|cudnn)", record["bench_train"]["arguments"])
        self.assertIn("headline", record)

    def test_gradients_disagree(self):
        code, _, record = self.part("training", "parity_gradients=fail")
        self.assertEqual((code, self.of_outcome(record, "failed")), (1, ["parity_gradients"]))
        self.assertIn("bench_train", record)
        code, _, record = self.part("training", "bench_train=empty")
        self.assertEqual((code, self.of_outcome(record, "failed")), (1, ["bench_train"]))

    def test_persistent_kernels_under_the_sanitizers(self):
        steps = self.steps(self.part("rest")[2])
        for tool in ("memcheck", "racecheck", "synccheck"):
            command = steps[f"{tool}_persistent"]["command"]
            self.assertIn(f"--tool {tool} ", command)
            kinds = ":".join(f"*PersistentParity.UnderASanitizer/{kind}" for kind in ("block", "cluster", "grid"))
            self.assertIn(f"--gtest_filter={kinds} ", command)

    def test_a_disagreement_of_a_persistent_kernel_under_a_sanitizer(self):
        code, _, record = self.part("rest", "persistent_test=fail")
        self.assertEqual(code, 1)
        self.assertEqual(self.of_outcome(record, "failed"),
                         ["memcheck_persistent", "racecheck_persistent", "synccheck_persistent"])

    def test_specs(self):
        for arguments, specs in (((), "60"), (("--specs", "100000"), "100000")):
            record = self.check("parity_rest=fail", ("--part", "rest", "--minutes", "1", *arguments))[2]
            self.assertEqual(record["specs"], specs)
            self.assertIn(f"specs={specs}", self.steps(record)["parity_rest"]["output"])
        printed = self.check(arguments=("--help",))[1]
        for words in ("--specs N", "three times more", "100000", "--minutes N"):
            self.assertIn(words, printed)

    def test_without_a_gpu(self):
        code, printed, record = self.check("nvidia-smi=none")
        self.assertEqual((code, record), (77, None))
        self.assertEqual(len(printed.splitlines()), 1)
        self.assertIn("no GPU", printed)

    def test_a_disagreement(self):
        self.expect_failure("parity_rest=fail", "parity_rest", "parity_rest seed=7 device=cuda:0")
        self.expect_failure("parity_cluster=fail", "parity_cluster", "parity_cluster seed=7 device=cuda:0")

    def test_no_comparison(self):
        self.expect_failure("parity_grid=none", "parity_grid", "left no comparisons")

    def test_a_disagreement_under_a_sanitizer(self):
        code, _, record = self.part("rest", "small_test=fail")
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
        hangs = " ".join(f"{name}=hang" for name in ("parity_block", "parity_cluster", "golden_test", "soak_test"))
        code, _, record = self.part("rest", hangs)
        self.assertEqual(code, 1)
        outcomes = {name: step["outcome"] for name, step in self.steps(record).items()}
        self.assertEqual((outcomes["micro"], outcomes["bench"]), ("passed", "passed"))
        self.assertEqual(self.of_outcome(record, "skipped"),
                         ["alternatives", "bench_steps", "memcheck", "racecheck", "synccheck", "bench_further"])
        self.assertIn("the time was over", self.steps(record)["alternatives"]["note"])
        self.assertNotIn("alternatives", record)

    def test_progress_is_not_kept(self):
        output = self.steps(self.part("rest", "parity_rest=fail")[2])["parity_rest"]["output"]
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
        code, printed, record = self.part("rest", "plans=fail")
        self.assertEqual((code, record["plans"]), (0, {}), printed)

    def test_the_constants_fail(self):
        self.expect_failure("rondo_micro=fail", "micro", "exit_code")
        self.assertEqual(len(self.record()["micro"]["measurements"]), 1)  # measurements so far are kept

    def test_the_constants_hang(self):
        self.expect_failure("rondo_micro=hang", "micro", "ran out of its time")

    def test_the_constants_leave_nothing(self):
        self.expect_failure("rondo_micro=none", "micro", "measured nothing")

    def test_no_constant_was_measured(self):
        self.expect_failure("rondo_micro=empty", "micro", "measured nothing")

    def test_a_sanitizer_finds_something(self):
        code, _, record = self.part("rest", "compute-sanitizer=errors")
        self.assertEqual(code, 1)
        for name in ("memcheck", "racecheck_persistent"):
            self.assertEqual(self.steps(record)[name]["errors"], 3)

    def test_a_sanitizer_says_nothing(self):
        code, _, record = self.part("rest", "compute-sanitizer=silent")
        self.assertEqual(code, 1)
        self.assertIn("no summary", self.steps(record)["synccheck"]["note"])

    def test_a_device_that_the_sanitizer_does_not_know(self):
        code, printed, record = self.part("rest", "compute-sanitizer=unsupported")
        self.assertEqual(code, 0, printed)
        self.assertEqual(self.steps(record)["racecheck"]["outcome"], "skipped")
        self.assertIn("not supported", self.steps(record)["racecheck"]["note"])

    def test_paths_are_the_callers(self):
        os.chdir(self.package.parent)
        self.addCleanup(os.chdir, HERE)
        self.package, self.out = self.package.relative_to(os.getcwd()), self.out.relative_to(os.getcwd())
        code, printed, record = self.check()
        self.assertEqual(code, 0, printed)
        self.assertEqual(record["outcome"], "passed")

    def test_an_archive(self):
        folder = self.package
        for ending, option in ((".tar.gz", "-czhf"), (".tar.xz", "-cJhf")):  # -h: archives the targets of links
            self.package = folder.parent / f"package{ending}"
            subprocess.run(["tar", option, self.package, "-C", folder, "."], check=True)
            code, printed, record = self.part("first")
            self.assertEqual(code, 0, printed)
            self.assertEqual(record["commit"], "abc1234")

    def test_a_package_for_another_gpu(self):
        for architecture, stub, code in (("90a", "", 0), ("90a", "nvidia-smi=old", 2), ("80", "", 2), ("80", "nvidia-smi=old", 0),
                                         ("100a", "", 2)):
            (self.package / "architecture").write_text(f"{architecture}\n")
            done, printed, _ = self.part("first", stub)
            self.assertEqual(done, code, printed)
            if code == 2:
                for words in (f"architecture {architecture}", "compute capability 8.0" if stub else "compute capability 9.0"):
                    self.assertIn(words, printed)
                self.assertIsNone(self.record())
            else:
                (self.out / "record.json").unlink()

    def test_wrong_calls(self):
        self.assertEqual(self.check(arguments=("--minutes", "soon"))[0], 2)
        self.assertEqual(self.check(arguments=("--specs", "0"))[0], 2)
        self.assertEqual(self.check(arguments=("--nonsense",))[0], 2)
        self.assertEqual(self.check(arguments=("--part", "second"))[0], 2)
        self.out.parent.mkdir()
        self.out.write_text("not a folder")
        code, printed, _ = self.check()
        self.assertEqual(code, 2)
        self.assertIn("expected a folder", printed)
        self.out.unlink()
        for program in PROGRAMS:
            (self.package / program).rename(self.package / "elsewhere")
            code, printed, _ = self.check()
            self.assertEqual(code, 2)
            self.assertIn(program, printed)
            (self.package / "elsewhere").rename(self.package / program)


if __name__ == "__main__":
    unittest.main()
