"""The first four minutes: the steps that decide whether the rest is worth its time, the most important first."""

from .check import DEVICE
from .judge import judge_first_light, judge_measurements, read_json
from .process import TIMED_OUT, output_of

LIST_SECONDS = 10
CASE_SECONDS = 15
ALL_CASES_SECONDS = 60
MICRO_SECONDS = 30
POINT_SECONDS = 25
# Points where latency counts. A record has cuDNN's numbers for them already.
HEADLINES = ("lstm/H768/B16/T1024/I768/f16/plain", "lstm/H256/B1/T150/I256/f32/plain", "lstm/H256/B16/T150/I256/bf16/plain",
             "lstm/H512/B1/T25/I512/bf16/plain", "lstm/H1024/B4/T25/I1024/bf16/plain", "gru/H1536/B4/T187/I1536/bf16/plain")
# A failure of two sessions that run at once says nothing about a single session.
CASES_OF_SEVERAL_SESSIONS = ("two_streams",)


def run(check):
    scale = min(1.0, check.scale)
    first_light(check, scale)
    micro(check, MICRO_SECONDS * scale, ["--quick"])
    for point in HEADLINES:
        headline(check, point, POINT_SECONDS * scale)


def step_name(kind, case):
    return f"first_light_{kind}_{case}"


def list_cases(check):
    """[(kind, case, ways)], as first_light lists them. The record keeps them for a later call."""
    code, printed = output_of([check.programs["first_light"], "--list"], LIST_SECONDS, check.programs.environment)
    cases = [(line.split(" ", 2) + [""])[:3] for line in printed.splitlines()]
    if code != 0 or not cases:
        check.record.skip("first_light", "failed", f"it lists no cases: exit code {code}")
        return []
    check.record.data["first_light"] = {"cases": cases}
    return cases


def first_light(check, scale):
    """Runs each case in a process. After a case hangs, further cases of its kind run last."""
    waiting = list(list_cases(check))
    end = check.left() - ALL_CASES_SECONDS * scale
    while waiting:
        kind, case, _ = waiting.pop(0)
        seconds = min(CASE_SECONDS * scale, check.left() - end)
        if run_case(check, kind, case, seconds) == TIMED_OUT:
            waiting.sort(key=lambda entry, hung=kind: entry[0] == hung)
    read_failed_cases(check)


def run_case(check, kind, case, seconds):
    """Runs one case. Returns the exit code; None where there was no time for the case."""
    name = step_name(kind, case)
    path = check.file(f"{name}.json")

    def keep():
        found = read_json(path)
        return {"first_light": {**check.record.data["first_light"], f"{kind} {case}": found}} if found else {}

    command = [check.programs["first_light"], kind, case, "--device", DEVICE, "--json", str(path)]
    check.run(name, seconds, command, lambda code, log: judge_first_light(code, log, read_json(path)), keep)
    return check.record.step(name).get("exit_code")


def read_failed_cases(check):
    """Notes the cases that failed or were not run, which later steps must not trust."""
    for kind, case, ways in (check.record.data.get("first_light") or {}).get("cases", []):
        step = check.record.step(step_name(kind, case))
        if case not in CASES_OF_SEVERAL_SESSIONS and (step is None or step["outcome"] == "failed"):
            check.failed_cases[kind, case] = ways


def micro(check, seconds, options):
    """Runs rondo_micro. The record keeps its file."""
    path = check.file("micro.json")

    def keep():
        found = read_json(path)
        return {"micro": found} if found else {}

    command = [check.programs["rondo_micro"], *options, "--commit", check.programs.commit, "--out", str(path)]
    check.run("micro", seconds, command,
              lambda code, log: judge_measurements(code, log, (read_json(path) or {}).get("measurements")), keep)


def headline(check, point, seconds):
    """Measures one point of the quick set. The record merges all points into one file of rondo_bench."""
    cell, H, B, _, _, arithmetic, _ = point.split("/")
    name = f"headline_{cell}_{H}_{B}_{arithmetic}"
    check.run_bench(name, seconds,
                    ["--set", "quick", "--filter", f"^{point}$", "--alternatives", "5", "--executors",
                     check.executors(["cuda_persistent", "cuda_stepwise"], with_ways=True)])
    merge_headline(check.record, name)


def merge_headline(record, name):
    """Merges the point's file into the file of the earlier points."""
    measured = record.data.pop(name, None)
    if measured:
        known = {result["id"]: result for result in (record.data.get("headline") or {}).get("results", [])}
        known.update({result["id"]: result for result in measured.get("results", [])})
        record.data["headline"] = {**measured, "results": list(known.values())}
        record.save()
