"""The state that all steps of a check share: the time, the record, and the kernels that failed at first light."""

import pathlib
import re
import time

from .judge import judge_measurements, judge_tests, read_json
from .process import run_bounded

KINDS = ("block", "cluster", "grid")
DEVICE = "cuda:0"
POINTS = pathlib.Path(__file__).resolve().parent.parent.parent / "bench" / "points"
LEAST_SECONDS = 2  # a step with less time than this is not begun


def _judged(judge, code, log):
    """Judges a step. A broken file of the step must not end the check."""
    try:
        return judge(code, log)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return {"outcome": "failed", "exit_code": code, "note": f"what it left cannot be read: {error!r}"}


class Check:
    """Runs `programs` one after the other. `scale` is the factor by which they may exceed their planned time."""

    def __init__(self, programs, record, folder, seconds, scale):
        self.programs = programs
        self.record = record
        self.folder = folder  # files of steps, whose contents the record keeps
        self.scale = scale
        self.deadline = time.monotonic() + seconds
        self.failed_cases = {}  # failed cases of first_light: kind and name, and a pattern of the ways that are not to be trusted

    def left(self):
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def file(self, name):
        return self.folder / name

    def run(self, name, seconds, command, judge, keep=lambda: {}, environment=None):
        """Runs one step for `seconds` at most. `judge(code, log)` returns its outcome; `keep()`, called also while the
        step runs, updates the rest of the record."""
        limit = min(seconds, self.left())
        if limit < LEAST_SECONDS * min(1.0, self.scale):
            self.record.skip(name, "failed", "there was no time for it")
            return
        print(f"--- {name}, at most {limit:.0f} s", flush=True)
        # The paths of this machine mean nothing elsewhere.
        shown = re.sub(r"(?<![\w.])/\S*/", "", " ".join(command))
        self.record.begin(name, limit_seconds=round(limit, 1), command=shown)
        with open(self.record.log_path, "ab") as log:
            log.write(f"\n=== {name}: {shown}\n".encode())
            log.flush()
            begin = log.tell()
            code, took = run_bounded(command, limit, log, {**self.programs.environment, **(environment or {})},
                                     lambda: self._update(keep()))
        text = self._log_from(begin)
        print("\n".join(text.splitlines()[-3:]), flush=True)
        self.record.data.update(keep())
        self.record.end(name, seconds=round(took, 1), **_judged(judge, code, text))

    def _update(self, known):
        if any(self.record.data.get(name) != value for name, value in known.items()):
            self.record.data.update(known)
            self.record.save()

    def _log_from(self, begin):
        with open(self.record.log_path, "rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def run_tests(self, name, seconds, command, judge=judge_tests, environment=None):
        """Runs a GoogleTest program, or a tool around one."""
        report = self.file(f"{name}.gtest.json")
        self.run(name, seconds, [*command, f"--gtest_output=json:{report}"],
                 lambda code, log: judge(code, log, read_json(report)), environment=environment)

    def run_bench(self, name, seconds, options):
        """Runs rondo_bench, which is told to stop before its time is over. The record keeps its file."""
        path = self.file(f"{name}.json")
        limit = min(seconds, self.left())
        minutes = (limit - 30 if limit > 60 else limit / 2) / 60
        command = [self.programs["rondo_bench"], "--device", DEVICE, "--points", str(POINTS),
                   "--commit", self.programs.commit, *options, "--minutes", f"{minutes:.4f}", "--json", str(path)]

        def keep():
            found = read_json(path)
            return {name: found} if found else {}

        def judge(code, log):
            results = (read_json(path) or {}).get("results", [])
            return judge_measurements(code, log, any(result["runs"] for result in results))

        self.run(name, seconds, command, judge, keep)

    # The methods below tell what later steps leave out after failures at first light.

    def kinds_left(self):
        return [kind for kind in KINDS if kind not in {kind for kind, _ in self.failed_cases}]

    def executors(self, names, with_ways=False):
        """A regular expression for rondo_bench: the trusted executors of `names` and, where wanted, the trusted ways of
        persistent kernels. A failure removes cuda_persistent, whose plan may take any way."""
        names = [*names, *(KINDS if with_ways else ())]
        if not self.failed_cases:
            return f"^({'|'.join(names)})"
        names.remove("cuda_persistent")
        ways = "|".join(ways for ways in self.failed_cases.values() if ways)
        return (f"^(?!{ways})" if ways and with_ways else "^") + f"({'|'.join(names)})"

    def without(self):
        """The environment in which tests leave out executors that are not to be trusted."""
        if not self.failed_cases:
            return {}
        kinds = sorted({kind for kind, _ in self.failed_cases})
        return {"RONDO_TEST_WITHOUT": " ".join(["cuda_persistent", *(f"cuda_{kind}" for kind in kinds)])}
