"""Judges a step's outcome from its exit code, its output and its file."""

import json
import re

from .process import TIMED_OUT

TEST_ENDED = "[       OK ]"
TEST_PROGRESS = ("[----------]", "[ RUN      ]", TEST_ENDED)
KEPT_OUTPUT = 4000  # characters of a failed step's output, without its progress
# The fields of GoogleTest's JSON. Further fields of a test are properties that the test recorded.
KNOWN_FIELDS = {"name", "file", "line", "status", "result", "timestamp", "time", "classname", "failures", "skipped",
                "type_param", "value_param"}
DECLINED = 3  # first_light's exit code


def read_json(path):
    """The JSON of a file; None for a missing or broken file: the step's exit code then tells that it failed."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def test_counts(report):
    """From GoogleTest's JSON: how many tests ran, failed and were skipped, and what they recorded."""
    tests = [test for suite in report["testsuites"] for test in suite["testsuite"] if test.get("status") == "RUN"]
    named = {"failed": [test for test in tests if "failures" in test],
             "skipped": [test for test in tests if test.get("result") == "SKIPPED"]}
    properties = {key: value for test in tests for key, value in test.items() if key not in KNOWN_FIELDS}
    counts = {"tests": len(tests) - len(named["skipped"]), "failures": len(named["failed"])}
    for kind, some in named.items():
        if some:
            counts[kind] = [f"{test['classname']}.{test['name']}" for test in some]
    if properties:
        counts["properties"] = properties
    return counts


def _fail(outcome, note):
    if outcome["outcome"] == "passed":
        outcome.update(outcome="failed", note=note)


def judge_exit(code, log):
    """The outcome of any step."""
    outcome = {"outcome": "passed" if code == 0 else "failed", "exit_code": code}
    if code == TIMED_OUT:
        outcome["note"] = "ran out of its time"
    if code != 0:
        lines = [line for line in log.splitlines(keepends=True) if not line.startswith(TEST_PROGRESS)]
        outcome["output"] = "".join(lines)[-KEPT_OUTPUT:]
    return outcome


def judge_tests(code, log, report):
    """The outcome of a GoogleTest program. `report` is its JSON."""
    outcome = judge_exit(code, log)
    if code == TIMED_OUT:
        outcome["note"] += f" after {log.count(TEST_ENDED)} tests"
    outcome.update(test_counts(report) if report else {"tests": 0})
    if outcome["tests"] == 0:
        _fail(outcome, "no test ran")
    elif outcome["failures"] > 0:
        _fail(outcome, "tests failed")
    return outcome


def judge_sanitizer(code, log, report):
    """The outcome under compute-sanitizer, which reports only in its output that it does not support a device."""
    outcome = judge_tests(code, log, report)
    if re.search("device not supported", log, re.IGNORECASE):
        return {"outcome": "skipped", "exit_code": code, "note": "compute-sanitizer: device not supported"}
    found = re.findall(r"(?:ERROR SUMMARY: (\d+) error|RACECHECK SUMMARY: (\d+) hazard)", log)
    if not found:
        _fail(outcome, "compute-sanitizer gave no summary")
        return outcome
    outcome["errors"] = sum(int(count) for pair in found for count in pair if count)
    if outcome["errors"] > 0:
        _fail(outcome, "compute-sanitizer found errors")
    return outcome


def judge_first_light(code, log, report):
    """The outcome of first_light. `report` is its file, None where first_light crashed or hung."""
    outcome = judge_exit(code, log)
    if code == DECLINED:
        outcome = {"outcome": "skipped", "exit_code": code, "note": (report or {}).get("explanation", "declined")}
    elif report and code != 0:
        outcome["note"] = f"{report.get('outcome')}: {report.get('explanation')}"
    elif code == 0 and not report:
        _fail(outcome, "it left no result")
    return outcome


def judge_measurements(code, log, measured):
    """The outcome of rondo_bench or rondo_micro. `measured` tells whether the file has measurements."""
    outcome = judge_exit(code, log)
    if not measured:
        _fail(outcome, "it measured nothing")
    return outcome
