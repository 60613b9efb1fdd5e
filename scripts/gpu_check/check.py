"""What all steps of a check share: the time, the record, and which kernels went wrong at first light."""

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
    """A file that is not what it should be must not be the end of the check."""
    try:
        return judge(code, log)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return {"outcome": "failed", "exit_code": code, "note": f"what it left cannot be read: {error!r}"}


class Check:
    """`programs` run one after the other. `scale` is how much longer than planned they may take."""

    def __init__(self, programs, record, folder, seconds, scale):
        self.programs = programs
        self.record = record
        self.folder = folder  # for files of steps, which go into the record
        self.scale = scale
        self.deadline = time.monotonic() + seconds
        self.failed_cases = {}  # of first_light: kind and name, and the names of the ways that are not to be trusted

    def left(self):
        """Seconds until all is to be over."""
        return self.deadline - time.monotonic()

    def file(self, name):
        return self.folder / name

    def run(self, name, seconds, command, judge, keep=lambda: {}, environment=None):
        """Runs one step for `seconds` at most. `judge(code, log)` says what came of it; `keep()`, also asked while it
        runs, what else goes into the record."""
        limit = min(seconds, self.left())
        if limit < LEAST_SECONDS * min(1.0, self.scale):
            self.record.skip(name, "failed", "there was no time for it")
            return
        print(f"--- {name}, at most {limit:.0f} s", flush=True)
        # Where files lie on one machine tells nothing elsewhere.
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
        """A GoogleTest program, or a tool around one."""
        report = self.file(f"{name}.gtest.json")
        self.run(name, seconds, [*command, f"--gtest_output=json:{report}"],
                 lambda code, log: judge(code, log, read_json(report)), environment=environment)

    def run_bench(self, name, seconds, options):
        """rondo_bench, which is to stop by itself before the time is over. Its file goes into the record."""
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

    # What first light says of the rest.

    def kinds_left(self):
        return [kind for kind in KINDS if kind not in {kind for kind, _ in self.failed_cases}]

    def executors(self, names, with_ways=False):
        """A regular expression for rondo_bench: of what is named, and where wanted the ways of persistent kernels, those
        that are to be trusted. What a plan takes may be any way."""
        names = [*names, *(KINDS if with_ways else ())]
        if not self.failed_cases:
            return f"^({'|'.join(names)})"
        names.remove("cuda_persistent")
        ways = "|".join(ways for ways in self.failed_cases.values() if ways)
        return (f"^(?!{ways})" if ways and with_ways else "^") + f"({'|'.join(names)})"

    def without(self):
        """Of tests: the environment in which they leave out executors that are not to be trusted."""
        if not self.failed_cases:
            return {}
        kinds = sorted({kind for kind, _ in self.failed_cases})
        return {"RONDO_TEST_WITHOUT": " ".join(["cuda_persistent", *(f"cuda_{kind}" for kind in kinds)])}
