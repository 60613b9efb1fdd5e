"""The record of scripts/gpu-check: reads what its steps left in a folder, says which of them held, and writes it all as
one JSON file. Exits with 1 when something did not hold.

    gpu_check_report.py --work FOLDER --out FILE --commit COMMIT
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import re
import sys

FORMAT = "rondo_gpu_check 1"
SANITIZERS = tuple(tool + which for which in ("", "_persistent") for tool in ("memcheck", "racecheck", "synccheck"))
BENCHES = ("bench", "bench_steps", "alternatives", "bench_further")
MEASUREMENTS = ("micro", *BENCHES)  # these are no tests
STEPS = ("parity", "goldens", *SANITIZERS, "soak", *MEASUREMENTS)
TIMEOUT_CODES = ("124", "137")
TEST_ENDED = "[       OK ]"
TEST_PROGRESS = ("[----------]", "[ RUN      ]", TEST_ENDED)
KEPT_LOG = 4000  # characters of a failed step's output, without its progress


def read_json(path):
    """None where there is none, or a broken one: the step's own exit code says that it failed."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def read_state(path):
    """nvidia-smi's table of the first device."""
    rows = list(csv.DictReader(path.read_text().splitlines(), skipinitialspace=True)) if path.exists() else []
    return rows[0] if rows else {}


def test_counts(report):
    """Of GoogleTest's JSON: how many tests ran, failed and were skipped, and what they recorded."""
    tests = [test for suite in report["testsuites"] for test in suite["testsuite"] if test.get("status") == "RUN"]
    named = {"failed": [test for test in tests if "failures" in test],
             "skipped": [test for test in tests if test.get("result") == "SKIPPED"]}
    known = {"name", "file", "line", "status", "result", "timestamp", "time", "classname", "failures", "skipped",
             "type_param", "value_param"}
    properties = {key: value for test in tests for key, value in test.items() if key not in known}
    counts = {"tests": len(tests) - len(named["skipped"]), "failures": len(named["failed"])}
    for kind, some in named.items():
        if some:
            counts[kind] = [f"{test['classname']}.{test['name']}" for test in some]
    if properties:
        counts["properties"] = properties
    return counts


def sanitizer_outcome(record, log):
    """compute-sanitizer cannot work everywhere, and says so in its output alone."""
    if re.search("device not supported", log, re.IGNORECASE):
        record.update(outcome="skipped", note="compute-sanitizer: device not supported")
    found = re.findall(r"(?:ERROR SUMMARY: (\d+) error|RACECHECK SUMMARY: (\d+) hazard)", log)
    if found:
        record["errors"] = sum(int(count) for pair in found for count in pair if count)
        if record["errors"] > 0 and record["outcome"] == "passed":
            record["outcome"] = "failed"
    elif record["outcome"] == "passed":
        record.update(outcome="failed", note="compute-sanitizer gave no summary")


def read_plans(path):
    """For each point, by its name, what `rondo_bench --explain` says would run it."""
    blocks = path.read_text().strip().split("\n\n") if path.exists() else []
    return dict(block.split("\n", 1) for block in blocks if "\n" in block)


def out_of_time(record, log):
    record.update(outcome="failed", note="ran out of its time")
    if record["name"] not in MEASUREMENTS:
        record["note"] += f" after {log.count(TEST_ENDED)} tests"


def judge(work, fields):
    """One step's record from its line in steps.tsv and its files."""
    if fields[1] == "skipped":
        return {"name": fields[0], "outcome": "skipped", "note": fields[2]}
    name, code, seconds, limit, command = fields
    command = re.sub(r"(?<![\w.])/\S*/", "", command)  # where programs lie on one machine tells nothing elsewhere
    record = {"name": name, "outcome": "passed" if code == "0" else "failed", "exit_code": int(code),
              "seconds": int(seconds), "limit_seconds": int(limit), "command": command}
    log = (work / f"{name}.log").read_text(errors="replace")
    if code in TIMEOUT_CODES:
        out_of_time(record, log)
    if name in SANITIZERS:
        sanitizer_outcome(record, log)
    if name not in MEASUREMENTS and record["outcome"] != "skipped":
        report = read_json(work / f"{name}.gtest.json")
        record.update(test_counts(report) if report else {"tests": 0})
        if record["outcome"] == "passed" and (record["tests"] == 0 or record["failures"] > 0):
            record.update(outcome="failed", note="no test ran" if record["tests"] == 0 else "tests failed")
    if record["outcome"] == "failed":
        lines = [line for line in log.splitlines(keepends=True) if not line.startswith(TEST_PROGRESS)]
        record["output"] = "".join(lines)[-KEPT_LOG:]
    return record


def collect(work, commit):
    lines = (work / "steps.tsv").read_text().splitlines()
    steps = [judge(work, line.split("\t")) for line in lines]
    names = [step["name"] for step in steps]
    steps += [{"name": name, "outcome": "failed", "note": "was not run"} for name in STEPS if name not in names]
    record = {"format": FORMAT, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "commit": commit, "device": read_state(work / "state_before.csv"),
              "device_after": read_state(work / "state_after.csv"),
              "seed": os.environ.get("RONDO_TEST_SEED"), "specs": os.environ.get("RONDO_TEST_SPECS"), "steps": steps,
              **{name: read_json(work / f"{name}.json") for name in ("parity", *MEASUREMENTS)},
              "plans": read_plans(work / "plans.txt")}
    left = {"parity": ((record["parity"] or {}).get("cases"), "it left no comparisons"),
            "micro": ((record["micro"] or {}).get("measurements"), "it measured nothing")}
    for name in BENCHES:
        left[name] = (any(result["runs"] for result in (record[name] or {}).get("results", [])), "it measured nothing")
    for step in steps:
        something, why = left.get(step["name"], (True, ""))
        if step["outcome"] == "passed" and not something:
            step.update(outcome="failed", note=why)
    record["versions"] = (record["bench"] or {}).get("versions", {})
    record["outcome"] = "failed" if any(step["outcome"] == "failed" for step in steps) else "passed"
    return record


def print_summary(record, out):
    print()
    for step in record["steps"]:
        details = []
        if "tests" in step:
            skipped = len(step.get("skipped", []))
            details.append(f"{step['tests']} tests, {step.get('failures', 0)} failures, {skipped} skipped")
        details += [f"{step['seconds']} s"] if "seconds" in step else []
        details += [step["note"]] if "note" in step else []
        print(f"{step['name']:20} {step['outcome']:8} {'; '.join(details)}")
    print(f"{record['outcome']}; the record is {out}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind in (("work", pathlib.Path), ("out", pathlib.Path), ("commit", str)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    options = parser.parse_args()
    record = collect(options.work, options.commit)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=1) + "\n")
    print_summary(record, options.out)
    return 0 if record["outcome"] == "passed" else 1


if __name__ == "__main__":
    sys.exit(main())
