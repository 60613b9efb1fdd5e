#!/usr/bin/env python3
"""Measures a pool of states beside a session and ONNX Runtime, and a batcher under load, on the CPU.

    serving.py --peers FOLDER --threads N --json FILE [--table FILE] [--streams 256] [--units "128 512"] [--rounds 15]
               [--load-rounds 5] [--load-seconds 1] [--processor-time]

FOLDER holds the shared objects rondo_peer and rondo_serving_peer. A run steps every stream of one LSTM once: the pool in one
call, the session as one batch, ONNX Runtime stream by stream, by one caller of a session with N threads, and by N callers of
sessions with one thread. They take turns of about 25 ms in one process; outputs are compared first. Then loads are sent to a
batcher: one in which every stream sends its next step as soon as it has its answer, and ones of half and of four fifths of the
rate that this one reached, at random times. A latency is from when a step was due, however late it was sent. `OMP_NUM_THREADS`
must be N.

With --processor-time the peers' times are those that the process spent on processors: on one thread they mean something on a
machine that runs other work, too.
"""

import argparse
import ctypes
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cpu"))

import numpy as np  # noqa: E402

from agreement import check_equal  # noqa: E402
from machine import processor  # noqa: E402
from onnx_streams import onnx_streams  # noqa: E402
from peers import Problem, SharedObject, c_problem  # noqa: E402
from turns import measure, ratios_of, settle, spread  # noqa: E402

TOLERANCE = 1e-4
LOADS = {"as fast as it answers": 0, "half of that": 0.5, "four fifths of that": 0.8}


class _Load(ctypes.Structure):
    _fields_ = [("rate", ctypes.c_double), ("steps", ctypes.c_int64), ("max_delay_microseconds", ctypes.c_int64),
                ("latencies", ctypes.c_void_p)]


class _Result(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_double), ("rows_a_call", ctypes.c_double)]


class Batcher:
    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))
        self._library.serving_load.restype = _Result

    def load(self, problem, threads, rate, steps):
        """Steps a second, streams in a call, and the latencies of the steps in seconds."""
        settle()
        latencies = np.full(steps, np.nan)
        y = np.empty((1, problem.B, problem.H), np.float32)
        result = self._library.serving_load(ctypes.byref(c_problem(problem, y, threads)),
                                            ctypes.byref(_Load(rate, steps, 0, latencies.ctypes.data)))
        if result.seconds <= 0 or np.isnan(latencies).any():
            sys.exit("the batcher failed")
        return {"steps_per_second": steps / result.seconds, "rows_a_call": result.rows_a_call,
                "mean": float(latencies.mean()), "p50": float(np.quantile(latencies, 0.5)),
                "p99": float(np.quantile(latencies, 0.99))}


class ProcessorTime:
    """A run whose seconds are those that this process spent on processors."""

    def __init__(self, run):
        self._run = run

    def run(self, runs):
        begin = time.process_time()
        self._run.run(runs)
        return time.process_time() - begin


def contest(problem, peers, arguments):
    """Seconds of a step of all streams, of everything that steps them."""
    session = SharedObject(str(peers / "rondo_peer.so"))
    pool = SharedObject(str(peers / "rondo_serving_peer.so"))
    runs = {"session": session.create(problem, arguments.threads), "pool": pool.create(problem, arguments.threads)}
    for callers in sorted({1, arguments.threads}):
        try:
            runs[f"ONNX Runtime, {callers} caller(s)"] = onnx_streams(problem, arguments.threads, callers)
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    for name, run in runs.items():
        run.run(1)
        check_equal(f"H {problem.H}", name, run, runs["session"], TOLERANCE)
    timed = {name: ProcessorTime(run) for name, run in runs.items()} if arguments.processor_time else runs
    seconds = measure(timed, arguments.rounds)
    for run in runs.values():
        run.close()
    return {"H": problem.H, "streams": problem.B, "seconds": {name: spread(values) for name, values in seconds.items()},
            "ratios": ratios_of(seconds, "pool", {name: name for name in runs if name != "pool"})}


def loads(problem, batcher, arguments):
    """{load: {quantity: spread over the rounds}}"""
    rounds = {name: [] for name in LOADS}
    fastest = batcher.load(problem, arguments.threads, 0, 20 * problem.B)["steps_per_second"]
    for _ in range(arguments.load_rounds):
        for name, share in LOADS.items():
            steps = max(problem.B, int((share or 1) * fastest * arguments.load_seconds))
            rounds[name].append(batcher.load(problem, arguments.threads, share * fastest, steps))
            if not share:
                fastest = rounds[name][-1]["steps_per_second"]
    return {name: {key: spread([one[key] for one in values]) for key in values[0]} for name, values in rounds.items()}


def problem_of(H, streams):
    problem = Problem({"cell": "lstm", "H": H, "I": H, "T": 1, "B": streams})
    problem.states = {name: np.zeros_like(state) for name, state in problem.states.items()}
    return problem


def per_second(summary, streams):
    """Steps a second: the median and the range of 80 % of the rounds."""
    return (f"{streams / summary['median']:,.0f} ({streams / summary['p90']:,.0f} to "
            f"{streams / summary['p10']:,.0f})")


def ratio(summary):
    return f"**{summary['median']:.2f}** ({summary['p10']:.2f} to {summary['p90']:.2f})"


def microseconds(summary):
    return f"{summary['median'] * 1e6:,.0f} ({summary['p10'] * 1e6:,.0f} to {summary['p90'] * 1e6:,.0f})"


def contest_table(record):
    lines = ["| H | steps a second by | | pool's speed over it |", "|---|---|---|---|"]
    for result in record["results"]:
        for name, summary in result["seconds"].items():
            beside = ratio(result["ratios"][name]) if name in result["ratios"] else ""
            lines.append(f"| {result['H']} | {name} | {per_second(summary, result['streams'])} | {beside} |")
    return lines


def load_table(record):
    lines = ["| H | load | steps a second | streams in a call | mean, us | p50, us | p99, us |", "|---" * 7 + "|"]
    for result in record["results"]:
        for name, load in result["loads"].items():
            lines.append(f"| {result['H']} | {name} | {load['steps_per_second']['median']:,.0f} | "
                         f"{load['rows_a_call']['median']:.1f} | " +
                         " | ".join(microseconds(load[key]) for key in ("mean", "p50", "p99")) + " |")
    return lines


def table_of(record):
    clock = "; the upper table has processor time" if record["processor_time"] else ""
    about = (f"{record['processor']}, {record['threads']} thread(s), {record['rounds']} rounds, load of the machine before "
             f"{record['load_before'][0]:.1f}{clock}.")
    return "\n".join([*contest_table(record), "", *load_table(record), "", about, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--streams", type=int, default=256)
    parser.add_argument("--units", default="128 512")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--load-rounds", type=int, default=5)
    parser.add_argument("--processor-time", action="store_true")
    parser.add_argument("--load-seconds", type=float, default=1.0)
    parser.add_argument("--commit", default="")
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != str(arguments.threads):
        sys.exit(f"set OMP_NUM_THREADS={arguments.threads}")
    peers = arguments.peers.resolve()
    record = {"format": "rondo_serving 1", "processor": processor(), "threads": arguments.threads,
              "rounds": arguments.rounds, "processor_time": arguments.processor_time, "commit": arguments.commit, "date": time.strftime("%Y-%m-%dT%H:%M:%S"),
              "load_before": os.getloadavg(), "results": []}
    batcher = Batcher(peers / "rondo_serving_peer.so")
    for H in map(int, arguments.units.split()):
        problem = problem_of(H, arguments.streams)
        result = contest(problem, peers, arguments)
        result["loads"] = loads(problem, batcher, arguments)
        record["results"].append(result)
        print(f"H {H}: " + ", ".join(f"{name} by pool {summary['median']:.2f}" for name, summary in result["ratios"].items()),
              flush=True)
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.table:
        arguments.table.write_text(table_of(record))


if __name__ == "__main__":
    main()
