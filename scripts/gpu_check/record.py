"""The record of scripts/gpu-check: one JSON file in a folder, replaced whenever something is known, so that a killed
gpu-check leaves all results until then. The folder also has log.txt, the output of all steps."""

import datetime
import json
import os

from .judge import read_json

FORMAT = "rondo_gpu_check 1"  # bench/report/measurements.py reads it
RUNNING = "running"


class Record:
    """The results so far. `data` is the content of the file."""

    def __init__(self, folder, commit):
        self.path = folder / "record.json"
        self.log_path = folder / "log.txt"
        self.data = {"format": FORMAT, "date": _now(), "commit": commit, "steps": []}
        folder.mkdir(parents=True, exist_ok=True)
        before = read_json(self.path)
        if isinstance(before, dict) and before.get("format") == FORMAT:
            self._go_on_from(before)

    def _go_on_from(self, before):
        if before.get("commit") != self.data["commit"]:
            kept = self.path.with_name(f"record-{before.get('commit')}.json")
            print(f"{self.path} is of {before.get('commit')} and not of {self.data['commit']}: kept as {kept.name}",
                  flush=True)
            self.path.rename(kept)
            return
        self.data = before
        for step in self.data["steps"]:
            if step["outcome"] == RUNNING:
                step.update(outcome="failed", note="gpu-check was killed while it ran")

    def step(self, name):
        """The outcome of a step; None where the step has not been run."""
        return next((step for step in self.data["steps"] if step["name"] == name), None)

    def begin(self, name, **fields):
        """Adds a step that now begins, in place of an earlier one of that name."""
        self.data["steps"] = [step for step in self.data["steps"] if step["name"] != name]
        self.data["steps"].append({"name": name, "outcome": RUNNING, **fields})
        self.save()

    def end(self, name, **fields):
        self.step(name).update(fields)
        self.save()

    def skip(self, name, outcome, note):
        """Adds a step that is not run: "skipped", "left out" or "failed", and why."""
        print(f"--- {name}: {outcome}, {note}", flush=True)
        self.begin(name)
        self.end(name, outcome=outcome, note=note)

    def save(self):
        """Replaces the file in one step: a reader sees all of the old file or all of the new one."""
        outcomes = {step["outcome"] for step in self.data["steps"]}
        self.data["outcome"] = "failed" if "failed" in outcomes else RUNNING if RUNNING in outcomes else "passed"
        unfinished = self.path.with_suffix(".part")
        with open(unfinished, "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path)

    def print_summary(self):
        print()
        for step in self.data["steps"]:
            details = []
            if "tests" in step:
                skipped = len(step.get("skipped", []))
                details.append(f"{step['tests']} tests, {step.get('failures', 0)} failures, {skipped} skipped")
            details += [f"{step['seconds']:.0f} s"] if "seconds" in step else []
            details += [step["note"]] if "note" in step else []
            print(f"{step['name']:28} {step['outcome']:8} {'; '.join(details)}")
        print(f"{self.data['outcome']}; the record is {self.path}")


def _now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
