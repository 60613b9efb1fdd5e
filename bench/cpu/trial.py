"""Finds out which points a library runs, in a process of its own: a library may die of an instruction that the processor lacks.

    trial.py --peers FOLDER --library KEY --threads N

reads a list of {"point": ..., "variant": ...} from standard input, and runs each once. It writes a line for each that it has tried:
nothing, or why the library refuses.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys

from libraries import loaders_of
from peers import Problem

SECONDS = 120  # that a process may take for all that is left to try


def reason_of(code):
    if code < 0:
        return f"dies of {signal.Signals(-code).name}"
    return f"ends with {code}"


def trials(command, jobs, seconds=SECONDS):
    """{index of a job: why it does not run}, of jobs that `command` tries. A process that dies is followed by one for the rest."""
    failures, first = {}, 0
    while first < len(jobs):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            text, _ = child.communicate(json.dumps(jobs[first:]), timeout=seconds)
            ending = reason_of(child.returncode)
        except subprocess.TimeoutExpired:
            child.kill()
            text, _ = child.communicate()
            ending = f"does not end within {seconds} s"
        tried = text.split("\n")[:-1]
        failures |= {first + index: reason for index, reason in enumerate(tried) if reason}
        first += len(tried)
        if first < len(jobs):
            failures[first] = ending
            first += 1
    return failures


def trials_of(key, folder, threads, jobs):
    """`trials` of a library of loaders_of(folder)."""
    command = [sys.executable, __file__, "--peers", str(folder), "--library", key, "--threads", str(threads)]
    return trials(command, jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    peer = loaders_of(arguments.peers)[arguments.library]()
    for job in json.load(sys.stdin):
        reason = ""
        try:
            run = peer.create(Problem(job["point"]), arguments.threads, job["variant"])
            run.run(1)
            run.close()
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
        print(reason, flush=True)


if __name__ == "__main__":
    main()
