"""The next four minutes: all other checks that need a GPU, without the kernels that failed at first light."""

import os
import shutil

from . import device, part_first
from .check import DEVICE, KINDS, POINTS
from .judge import judge_sanitizer, judge_tests, read_json
from .process import output_of

# Seconds of steps in a part of four minutes.
PARITY_SECONDS = 40
SANITIZER_SECONDS = 15
GOLDENS_SECONDS = 15
SOAK_SECONDS = 15
PLANS_SECONDS = 10
LEAST_SECONDS_TO_MEASURE = 40

SPECS_UNDER_A_SANITIZER = "20"
SOAK_RUNS = "10000"
LARGE = ("StreamedWeights.*", "LargeBlocks.*")  # tests of grids at sizes where the reference takes most of the time
# Tests that run the plan's choice, which may be any way.
OF_PLANS = ("SessionParity.*", "NetworkParity.*", "NetworkSessionParity.*", "LayerParity.*", "UnrollParity.*")
AGAINST_CUDNN = ("cuda_persistent", "cuda_stepwise", "cudnn")
PERSISTENT = ("cuda_persistent", "cuda_stepwise")


def run(check):
    part_first.read_failed_cases(check)
    parity(check)
    sanitize_persistent(check)
    goldens(check)
    soak(check)
    large_parity(check)
    if check.record.step("micro") is None:
        part_first.micro(check, part_first.MICRO_SECONDS * check.scale, [])
    measure(check)


def parity(check):
    check.record.data["parity"] = None
    for kind in KINDS:
        parity_of_kind(check, f"parity_{kind}", kind, f"*PersistentParity.*/{kind}")
    left_out = ["*PersistentParity.*", *LARGE, "Soak.*", *(OF_PLANS if check.failed_cases else ())]
    run_parity(check, "parity_rest", "-" + ":".join(left_out))


def large_parity(check):
    parity_of_kind(check, "parity_large", "grid", ":".join(LARGE))


def parity_of_kind(check, name, kind, tests):
    if kind in check.kinds_left():
        run_parity(check, name, tests)
    else:
        check.record.skip(name, "left out", "this kind failed at first light")


def run_parity(check, name, tests):
    """Runs a parity test. The record has one table of the comparisons of all these processes."""
    path = check.file(f"{name}.json")

    def judge(code, log, report):
        outcome = judge_tests(code, log, report)
        found = read_json(path) or {}
        merge_parity(check.record.data, found)
        if outcome["outcome"] == "passed" and not found.get("cases"):
            outcome.update(outcome="failed", note="it left no comparisons")
        return outcome

    check.run_tests(name, PARITY_SECONDS * check.scale, [check.programs["parity_test"], f"--gtest_filter={tests}"], judge,
                    {"RONDO_PARITY_JSON": str(path), **check.without()})


def merge_parity(data, found):
    cases = (data.get("parity") or {}).get("cases", {})
    for name, tally in found.get("cases", {}).items():
        known = cases.get(name, {"runs": 0, "worst_error": 0})
        cases[name] = {"runs": known["runs"] + tally["runs"], "worst_error": max(known["worst_error"], tally["worst_error"])}
    if found:
        data["parity"] = {**found, "cases": cases}


def sanitize_persistent(check):
    tests = ":".join(f"*PersistentParity.UnderASanitizer/{kind}" for kind in check.kinds_left())
    for tool in ("memcheck", "racecheck", "synccheck"):
        if tests:
            sanitize(check, f"{tool}_persistent", tool, tests)
        else:
            check.record.skip(f"{tool}_persistent", "left out", "all kinds failed at first light")


def sanitize(check, name, tool, tests):
    program = shutil.which("compute-sanitizer", path=f"{os.environ['PATH']}:/usr/local/cuda/bin")
    if program is None:
        check.record.skip(name, "skipped", "there is no compute-sanitizer")
        return
    command = [program, "--tool", tool, "--error-exitcode", "99", check.programs["parity_test"], f"--gtest_filter={tests}"]
    check.run_tests(name, SANITIZER_SECONDS * check.scale, command, judge_sanitizer,
                    {"RONDO_TEST_SPECS": SPECS_UNDER_A_SANITIZER, **check.without()})


def goldens(check):
    command = [check.programs["golden_test"], "--cases", str(check.programs.cases), "--device", DEVICE]
    check.run_tests("goldens", GOLDENS_SECONDS * check.scale, command, environment=check.without())


def soak(check):
    if check.failed_cases:
        check.record.skip("soak", "left out", "it runs what a plan takes, which may have failed at first light")
        return
    check.run_tests("soak", SOAK_SECONDS * check.scale, [check.programs["parity_test"], "--gtest_filter=Soak.*"],
                    environment={"RONDO_TEST_SOAK": SOAK_RUNS})


def measure(check):
    check.run_bench("bench", check.left(), ["--set", "quick", "--ceilings", "--executors", check.executors(AGAINST_CUDNN)])
    check.record.data["versions"] = (check.record.data.get("bench") or {}).get("versions", {})
    plans(check)
    # The plan's choice is measured again, alternately with the alternatives.
    measure_if_time(check, "alternatives", ["--set", "quick", "--alternatives", "6", "--rounds", "5", "--executors",
                                            check.executors(PERSISTENT, with_ways=True)])
    measure_if_time(check, "bench_steps", ["--set", "steps", "--executors", check.executors(PERSISTENT)])
    for name, tool, tests in (("memcheck", "memcheck", "*Small*:*ManyUnits*"),
                              ("racecheck", "racecheck", "*Small*OneUnit*:*Small*OneRowLive*"),
                              ("synccheck", "synccheck", "*Small*:*ManyUnits*")):
        if check.left() < LEAST_SECONDS_TO_MEASURE:
            check.record.skip(name, "skipped", "the time was over")
        else:
            sanitize(check, name, tool, tests)
    # Further sets have fewer rounds, and leave out points that were measured already.
    measured = [result["id"] for result in (check.record.data.get("bench") or {}).get("results", [])]
    measure_if_time(check, "bench_further",
                    ["--set", "variants,flashrnn,applications,training,inference", "--rounds", "5", "--executors",
                     check.executors(AGAINST_CUDNN), "--filter", f"^(?!({'|'.join(measured) or 'none'})$)"])


def measure_if_time(check, name, options):
    if check.left() < LEAST_SECONDS_TO_MEASURE:
        check.record.skip(name, "skipped", "the time was over")
    else:
        check.run_bench(name, check.left(), options)


def plans(check):
    """For each point, by its name, the explanation of its plan."""
    gpu = device.known_name(device.devices())
    code, printed = (1, "") if gpu is None else output_of(
        [check.programs["rondo_bench"], "--set", "quick", "--points", str(POINTS), "--explain", gpu], PLANS_SECONDS,
        check.programs.environment)
    blocks = printed.strip().split("\n\n") if code == 0 else []
    check.record.data["plans"] = dict(block.split("\n", 1) for block in blocks if "\n" in block)
    check.record.save()
