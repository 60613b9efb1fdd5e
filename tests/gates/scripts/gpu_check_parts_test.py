"""The two parts of scripts/gpu-check: a step that hangs, crashes or is killed does not affect other steps.

    gpu_check_parts_test.py [--first-light PROGRAM]   uses this first_light instead of the stub, for the dry run"""

import os
import pathlib
import signal
import sys
import time
import unittest

from gpu_check_support import FIRST, REST, SCRIPT, GpuCheckCase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "bench" / "report"))
sys.dont_write_bytecode = True
from gpu_check import device, part_first  # noqa: E402
from measurements import points_of  # noqa: E402

FIRST_LIGHT = None  # the program of the dry run
MINUTE_OF_FOUR = 0.25  # factor of the limits of a part, with --minutes 1
# gpu-check with ten times the time for each case: the simulated device may be slow.
PATIENT_CHECK = f"""
import sys
sys.path.insert(0, "{SCRIPT.parent}")
sys.dont_write_bytecode = True
from gpu_check import command, part_first
command.PART_SECONDS *= 10
part_first.CASE_SECONDS *= 10
part_first.ALL_CASES_SECONDS *= 10
sys.exit(command.main(sys.argv[1:]))
"""


class LeftOutTest(GpuCheckCase):
    def expect_left_out(self, behaviour, words):
        """The case cluster 8 fails by `behaviour`: the benchmark leaves out its ways, and all tests leave out clusters."""
        code, printed, record = self.part("first", f"cluster_8={behaviour}")
        self.assertEqual(code, 1, printed)
        self.assertEqual(self.of_outcome(record, "failed"), ["first_light_cluster_8"])
        steps = self.steps(record)
        self.assertIn(words, str(steps["first_light_cluster_8"]))
        self.assertIn("--executors ^(?!cluster_8x)(cuda_stepwise|block|cluster|grid) ", steps[FIRST[-1]]["command"])

        code, printed, record = self.part("rest", "parity_rest=fail golden_test=fail")
        self.assertEqual(code, 1, printed)
        steps = self.steps(record)
        self.assertEqual(list(steps), FIRST + REST)  # the results of the first part are kept
        self.assertEqual(self.of_outcome(record, "left out"), ["parity_cluster", "soak"])
        self.assertEqual(steps["parity_block"]["outcome"], "passed")
        self.assertNotIn("/cluster", steps["racecheck_persistent"]["command"])
        self.assertIn("/grid", steps["racecheck_persistent"]["command"])
        for name in ("parity_rest", "goldens"):
            self.assertIn("without=cuda_persistent cuda_cluster\n", steps[name]["output"])
        self.assertIn(":SessionParity.*", steps["parity_rest"]["command"])
        self.assertIn("--executors ^(cuda_stepwise|cudnn) ", record["bench"]["arguments"])
        self.assertIn("--executors ^(?!cluster_8x)(cuda_stepwise|block|cluster|grid) ", record["alternatives"]["arguments"])
        return self.steps(record)["first_light_cluster_8"]

    def test_a_case_that_hangs(self):
        step = self.expect_left_out("hang", "ran out of its time")
        self.assertAlmostEqual(step["seconds"], 15 * MINUTE_OF_FOUR, delta=3)

    def test_a_case_that_crashes(self):
        self.assertEqual(self.expect_left_out("crash", "exit_code")["exit_code"], 128 + signal.SIGSEGV)

    def test_a_case_that_is_wrong(self):
        self.expect_left_out("fail", "wrong: of block 3")

    def test_a_case_that_stalls(self):
        self.expect_left_out("stall", "stalled: of block 3")

    def test_a_case_without_a_result(self):
        self.expect_left_out("none", "it left no result")

    def test_after_a_hang_other_kinds_go_first(self):
        record = self.part("first", "cluster_2=hang")[2]
        self.assertEqual(list(self.steps(record))[:6],
                         [f"first_light_{case}" for case in ("block_one", "cluster_2", "grid_packets", "grid_two_phases",
                                                             "grid_two_streams", "cluster_8")])

    def test_what_a_device_has_no_room_for_is_no_failure(self):
        code, printed, record = self.check("cluster_8=decline")
        self.assertEqual(code, 0, printed)
        self.assertEqual(self.of_outcome(record, "skipped"), ["first_light_cluster_8"])
        self.assertIn("(cuda_persistent|", record["bench"]["arguments"])

    def test_two_sessions_at_once_say_nothing_of_one(self):
        code, printed, record = self.check("grid_two_streams=fail")
        self.assertEqual(code, 1, printed)
        self.assertEqual(self.of_outcome(record, "left out"), [])
        self.assertIn("(cuda_persistent|", record["bench"]["arguments"])

    def test_a_case_of_one_cell_keeps_the_ways_of_the_others(self):
        record = self.check("grid_two_phases=fail")[2]
        self.assertEqual(self.of_outcome(record, "left out"), ["parity_grid", "soak", "parity_large"])
        self.assertIn("--executors ^(cuda_stepwise|block|cluster|grid) ", record["alternatives"]["arguments"])

    def test_all_kinds_fail(self):
        record = self.check("block_one=fail cluster_2=fail grid_packets=fail")[2]
        self.assertEqual(self.of_outcome(record, "left out"),
                         ["parity_block", "parity_cluster", "parity_grid", "memcheck_persistent", "racecheck_persistent",
                          "synccheck_persistent", "soak", "parity_large"])
        self.assertIn("^(?!block_|cluster_2x|grid_.*[1-8]rows)(cuda_stepwise|", record["alternatives"]["arguments"])

    def test_no_list_of_cases(self):
        code, _, record = self.part("first", "first_light=fail")
        self.assertEqual(code, 1)
        self.assertEqual(self.of_outcome(record, "failed"), ["first_light"])
        self.assertEqual(self.steps(record)["micro"]["outcome"], "passed")


class RecordTest(GpuCheckCase):
    def wait_for(self, condition):
        for _ in range(300):
            if condition():
                return
            time.sleep(0.1)
        self.fail("the condition was never true")

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.communicate()

    def test_killed_while_a_step_runs(self):
        pid = self.package / "pid"
        process = self.start("rondo_micro=slow", ("--part", "first"), STUB_PID=str(pid))
        self.wait_for(lambda: (self.record() or {}).get("micro"))  # the measurements so far
        self.kill(process)
        record = self.record()
        steps = self.steps(record)
        self.assertEqual(list(steps), FIRST[:7])
        self.assertEqual({steps[name]["outcome"] for name in FIRST[:6]}, {"passed"})
        self.assertEqual((steps["micro"]["outcome"], record["outcome"]), ("running", "running"))
        self.assertEqual(record["first_light"]["cluster 8"]["outcome"], "right")
        hung = int(pid.read_text())
        self.wait_for(lambda: not pathlib.Path(f"/proc/{hung}").exists())  # a hung process would hold the device
        self.assertIn("=== first_light_grid_packets: ", (self.out / "log.txt").read_text())

        record = self.part("rest")[2]
        self.assertIn("was killed while it ran", self.steps(record)["micro"]["note"])
        self.assertEqual(self.steps(record)["bench"]["outcome"], "passed")

    def test_killed_between_cases_the_untried_are_not_trusted(self):
        process = self.start("cluster_8=hang", ("--part", "first"))
        self.wait_for(lambda: "first_light_cluster_8" in self.steps(self.record() or {"steps": []}))
        self.kill(process)
        record = self.part("rest")[2]
        self.assertEqual(self.of_outcome(record, "left out"), ["parity_cluster", "parity_grid", "soak", "parity_large"])

    def test_a_second_run_takes_the_place_of_the_first(self):
        self.part("first", "cluster_2=fail")
        code, printed, record = self.part("first")
        self.assertEqual(code, 0, printed)
        self.assertEqual(list(self.steps(record)), FIRST)

    def test_another_commit_has_another_record(self):
        self.part("first", "cluster_2=fail")
        (self.package / "commit").write_text("def5678\n")
        code, printed, record = self.part("first")
        self.assertEqual((code, record["commit"]), (0, "def5678"), printed)
        self.assertTrue((self.out / "record-abc1234.json").exists())

    def test_headlines_are_one_file_of_the_benchmark(self):
        record = self.part("first")[2]
        self.assertEqual([result["id"] for result in record["headline"]["results"]], list(part_first.HEADLINES))
        self.assertNotIn("headline_lstm_H768_B16_f16", record)
        self.assertIn("--quick", record["micro"]["arguments"])
        for name in FIRST[7:]:
            self.assertIn("--alternatives 5 --executors ^(cuda_persistent|cuda_stepwise|block|cluster|grid) ",
                          self.steps(record)[name]["command"])

    def test_headlines_are_points_of_the_quick_set(self):
        quick = points_of(pathlib.Path(__file__).resolve().parents[3] / "bench" / "points" / "quick.json")
        self.assertLessEqual(set(part_first.HEADLINES), {point["id"] for point in quick})


class ArchitectureTest(unittest.TestCase):
    def test_where_programs_run(self):
        for architecture, capability, runs in (("90a", (9, 0), True), ("90a", (9, 1), False), ("80", (8, 0), True),
                                               ("80", (8, 6), True), ("86", (8, 0), False), ("80", (9, 0), False),
                                               ("100a", (10, 0), True), ("none", (9, 0), False)):
            self.assertEqual(device.runs_on(architecture, capability), runs, (architecture, capability))


class TimeTest(GpuCheckCase):
    def test_limits_of_four_minutes(self):
        steps = self.steps(self.check("", ("--part", "first"))[2])
        limits = [steps[name]["limit_seconds"] for name in FIRST]
        self.assertEqual(limits, [15] * 6 + [30] + [25] * 6)

    def test_where_all_hang_the_time_is_kept(self):
        began = time.monotonic()
        code, _, record = self.part("first", " ".join(f"{name}=hang" for name in (
            "block_one", "cluster_2", "cluster_8", "grid_packets", "grid_two_phases", "grid_two_streams", "rondo_micro",
            "headline")))
        self.assertLess(time.monotonic() - began, 60 + 15)
        self.assertEqual(code, 1)
        self.assertEqual(self.of_outcome(record, "failed"), [step["name"] for step in record["steps"]])
        self.assertEqual(set(self.steps(record)), set(FIRST))
        tried = [step for step in record["steps"] if step["name"].startswith("first_light") and "seconds" in step]
        self.assertEqual(len(tried), 4)  # each takes a quarter of a minute; the others had no time left


class DryRunTest(GpuCheckCase):
    command = [sys.executable, "-c", PATIENT_CHECK]

    def test_both_parts(self):
        """Runs the real first_light on the simulated device."""
        if FIRST_LIGHT is None:
            self.skipTest("without --first-light")
        program = self.package / "first_light"
        program.unlink()
        program.write_text(f'#!/bin/sh\nexec "{FIRST_LIGHT}" "$@" --runs 1\n')
        program.chmod(0o755)
        for part in ("first", "rest"):
            code, printed, record = self.check("", ("--part", part))
            self.assertEqual(code, 0, printed)
        cases = record["first_light"].pop("cases")
        self.assertEqual(len(cases), 14)
        self.assertEqual(list(record["first_light"]), [f"{kind} {case}" for kind, case, _ in cases])
        for name, result in record["first_light"].items():
            self.assertEqual(result["outcome"], "right", name)
            self.assertTrue(result["way"].startswith(name.split()[0]), name)
            self.assertTrue(0 <= result["error"] < result["tolerance"], name)
            self.assertGreater(result["us_per_run"], 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--first-light"]:
        FIRST_LIGHT = os.path.abspath(sys.argv[2])
        del sys.argv[1:3]
    unittest.main()
