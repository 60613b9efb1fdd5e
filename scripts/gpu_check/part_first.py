"""The first four minutes: what decides whether the rest is worth its time, in the order of worth."""

from .check import DEVICE
from .judge import judge_first_light, judge_measurements, read_json
from .process import TIMED_OUT, output_of

LIST_SECONDS = 10
CASE_SECONDS = 15
ALL_CASES_SECONDS = 60
MICRO_SECONDS = 30
POINT_SECONDS = 25
# Where latency counts; cuDNN's numbers for them are in a record already.
HEADLINES = ("lstm/H768/B16/T1024/I768/f16/plain", "lstm/H256/B1/T150/I256/f32/plain", "lstm/H256/B16/T150/I256/bf16/plain",
             "lstm/H512/B1/T25/I512/bf16/plain", "lstm/H1024/B4/T25/I1024/bf16/plain", "gru/H1536/B4/T187/I1536/bf16/plain")
# Two sessions that are in each other's way say nothing of one.
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
    """[(kind, case, ways)], as first_light lists them. Kept in the record, for a later call."""
    code, printed = output_of([check.programs["first_light"], "--list"], LIST_SECONDS, check.programs.environment)
    cases = [(line.split(" ", 2) + [""])[:3] for line in printed.splitlines()]
    if code != 0 or not cases:
        check.record.skip("first_light", "failed", f"it lists no cases: exit code {code}")
        return []
    check.record.data["first_light"] = {"cases": cases}
    return cases


def first_light(check, scale):
    """A process for each case. Where one hangs, others of its kind wait until the other kinds have had their time."""
    waiting = list(list_cases(check))
    end = check.left() - ALL_CASES_SECONDS * scale
    while waiting:
        kind, case, _ = waiting.pop(0)
        seconds = min(CASE_SECONDS * scale, check.left() - end)
        if run_case(check, kind, case, seconds) == TIMED_OUT:
            waiting.sort(key=lambda entry, hung=kind: entry[0] == hung)
    read_failed_cases(check)


def run_case(check, kind, case, seconds):
    """The exit code; None where there was no time for it."""
    name = step_name(kind, case)
    path = check.file(f"{name}.json")

    def keep():
        found = read_json(path)
        return {"first_light": {**check.record.data["first_light"], f"{kind} {case}": found}} if found else {}

    command = [check.programs["first_light"], kind, case, "--device", DEVICE, "--json", str(path)]
    check.run(name, seconds, command, lambda code, log: judge_first_light(code, log, read_json(path)), keep)
    return check.record.step(name).get("exit_code")


def read_failed_cases(check):
    """What is not to be trusted in all that follows: what went wrong, and what could not be tried."""
    for kind, case, ways in (check.record.data.get("first_light") or {}).get("cases", []):
        step = check.record.step(step_name(kind, case))
        if case not in CASES_OF_SEVERAL_SESSIONS and (step is None or step["outcome"] == "failed"):
            check.failed_cases[kind, case] = ways


def micro(check, seconds, options):
    """rondo_micro. Its file goes into the record."""
    path = check.file("micro.json")

    def keep():
        found = read_json(path)
        return {"micro": found} if found else {}

    command = [check.programs["rondo_micro"], *options, "--commit", check.programs.commit, "--out", str(path)]
    check.run("micro", seconds, command,
              lambda code, log: judge_measurements(code, log, (read_json(path) or {}).get("measurements")), keep)


def headline(check, point, seconds):
    """One point of the quick set. All of them are one file of rondo_bench in the record."""
    cell, H, B, _, _, arithmetic, _ = point.split("/")
    name = f"headline_{cell}_{H}_{B}_{arithmetic}"
    check.run_bench(name, seconds,
                    ["--set", "quick", "--filter", f"^{point}$", "--alternatives", "5", "--executors",
                     check.executors(["cuda_persistent", "cuda_stepwise"], with_ways=True)])
    merge_headline(check.record, name)


def merge_headline(record, name):
    """The point's file becomes part of the others'."""
    measured = record.data.pop(name, None)
    if measured:
        known = {result["id"]: result for result in (record.data.get("headline") or {}).get("results", [])}
        known.update({result["id"]: result for result in measured.get("results", [])})
        record.data["headline"] = {**measured, "results": list(known.values())}
        record.save()
