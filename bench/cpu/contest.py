#!/usr/bin/env python3
"""Measures Rondo beside its peers on the CPU: one process runs them alternately.

    contest.py --peers FOLDER --threads N --json FILE [--mode f32|bf16x3|bf16|int8 | --train] [--points FILE]
               [--filter REGEX] [--rounds 7]

FOLDER holds the shared objects rondo_peer, onednn_peer and, where they were built, second_onednn_peer and newest_onednn_peer. All
peers of a point run in every round, and each round begins with another peer. A turn lasts about 25 ms, or one run, and begins when
the threads of the previous peer have stopped waiting for work. The file has medians over rounds, and medians of the ratios
within a round. `OMP_NUM_THREADS` must be N.

The mode says in what the products are computed. `f32`; `bf16x3`, f32 in pairs of bf16, beside other libraries in f32; `bf16`, with x,
weights and y of bf16; `int8`, with weights of 8 bits, where libraries without such a GRU take part with that of bf16. Rondo's
strict f32 runs beside each other mode. In f32 an operation of oneDNN that keeps what gradients need is one more peer, because it
is the faster one at some points. Of every run the file has the error of y against double precision: the length of the difference
over the length of y. The program ends where that is far too large. A library that dies at a point, or refuses it, is left out there,
and the file says why. It also says where Rondo gave the bits of its strict f32, because the plan took that.

With --train each run is a training step: a run that keeps what gradients need, then the gradients of x and of all weights.
The gradients are compared, too. Libraries that pack weights run a second time, packing them anew in each step.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import time

import numpy as np

from agreement import checked_errors
from libraries import load_libraries
from machine import limits_of, processor
from modes import MODES, STRICT, beside_of, competitors_of, training_competitors_of
from peers import Problem
from trial import trials_of
from turns import measure, ratios_of, spread

RELOAD = " reload"  # is appended to the names of libraries that pack weights in each step
VARIANTS = ["all_live", "holes", "resets", "reversed", "batch_major", "last_output", "bf16", "f16"]


def points_of(path, pattern):
    """The points of a file whose names match. A row with lists stands for all combinations; I defaults to H."""
    points = []
    for row in json.loads(path.read_text())["points"]:
        combinations = [{}]
        for field, values in row.items():
            values = values if isinstance(values, list) else [values]
            combinations = [{**point, field: value} for point in combinations for value in values]
        points += [{"I": point["H"], "variants": False, **point} for point in combinations]
    return [point for point in points if re.search(pattern, name_of(point))]


def name_of(point):
    return "{cell} H={H} I={I} T={T} B={B}".format(**point)


def jobs_of(library, points, competitors):
    """[(name, point, variant)] of all that the library is to run."""
    return [(name, point, variant) for point in points for name, (peer, variant) in competitors[point["cell"]].items() if peer is library]


def unable_of(libraries, points, competitors, arguments):
    """{(name, name of a point): why that competitor does not run there}. In f32 all libraries run everywhere."""
    unable = {}
    if arguments.mode not in ("bf16", "int8"):
        return unable
    for key, library in list(libraries.items())[1:]:
        jobs = jobs_of(library, points, competitors)
        failures = trials_of(key, arguments.peers, arguments.threads,
                             [{"point": point, "variant": variant} for _, point, variant in jobs])
        for index, reason in failures.items():
            name, point, _ = jobs[index]
            unable[name, name_of(point)] = reason
            print(f"{name_of(point)}: {name} is left out: {reason}", file=sys.stderr)
    return unable


def create_runs(problem, competitors, arguments):
    """{name: run} of the competitors and, in training, of those that pack weights a second time."""
    runs = {name: peer.create(problem, arguments.threads, variant) for name, (peer, variant) in competitors.items()}
    if arguments.train:
        runs |= {name + RELOAD: peer.create(problem, arguments.threads, "train_reload")
                 for name, (peer, _) in competitors.items() if peer.packs_weights}
    return runs


def contest(point, competitors, beside, unable, arguments):
    """The result of a point, or nothing where no other library runs it."""
    left_out = {name: unable[name, name_of(point)] for name in competitors if (name, name_of(point)) in unable}
    competitors = {name: competitor for name, competitor in competitors.items() if name not in left_out}
    rondo, *others = competitors
    if not others:
        return None
    problem = Problem(point)
    runs = create_runs(problem, competitors | beside, arguments)
    errors = checked_errors(name_of(point), problem, runs, MODES[arguments.mode].most_error)
    strict = [name for name in (rondo, *beside) if name != rondo + STRICT and rondo + STRICT in runs and
              np.array_equal(runs[name].y, runs[rondo + STRICT].y)]
    if point["variants"] and arguments.mode == "f32":
        variants = VARIANTS if point["variants"] is True else [point["variants"]]
        runs.update({f"{rondo} {variant}": competitors[rondo][0].create(problem, arguments.threads, variant)
                     for variant in variants})
    seconds = measure(runs, arguments.rounds)
    for run in runs.values():
        run.close()
    result = {**point, "name": name_of(point), "flops": (3 if arguments.train else 1) * problem.flops(),
              "recurrent_bytes": problem.recurrent_kernel.nbytes, "errors": errors, "left_out": left_out, "strict": strict,
              "seconds": {name: spread(values) for name, values in seconds.items()},
              "ratios": ratios_of(seconds, rondo, {name: name for name in runs if name != rondo}),
              "best": min(others, key=lambda name: statistics.median(seconds[name]))}
    if arguments.train:
        keys = {name: name + RELOAD if name + RELOAD in seconds else name for name in others}
        result["reload_ratios"] = ratios_of(seconds, rondo + RELOAD, keys)
        result["reload_best"] = min(others, key=lambda name: statistics.median(seconds[keys[name]]))
    return result


def measured(points, libraries, arguments):
    """[result] of the points that more libraries than Rondo run, and the names of the competitors, Rondo first."""
    peers, mode = list(libraries.values()), MODES[arguments.mode]
    competitors = {cell: training_competitors_of(peers) if arguments.train else competitors_of(peers, mode, cell)
                   for cell in ("lstm", "gru")}
    beside = {} if arguments.train else beside_of(peers[0], mode)
    unable = unable_of(libraries, points, competitors, arguments)
    results = []
    for point in points:
        result = contest(point, competitors[point["cell"]], beside, unable, arguments)
        if result is None:
            print(f"{name_of(point)}: no other library runs in mode {arguments.mode} here", file=sys.stderr)
            continue
        results.append(result)
        best = result["ratios"][result["best"]]
        print(f"{result['name']}: {result['seconds'][peers[0].name]['median'] * 1e6 / point['T']:.2f} us a step, "
              f"{best['median']:.2f} x {result['best']}", file=sys.stderr, flush=True)
    if not results:
        sys.exit(f"no other library runs in mode {arguments.mode} here")
    return results, list(dict.fromkeys(name for cell in competitors.values() for name in cell)), list(beside)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--mode", choices=MODES, default="f32")
    kinds.add_argument("--train", action="store_true")
    parser.add_argument("--points", type=pathlib.Path)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--commit", default="")
    arguments = parser.parse_args()
    points_file = "train.json" if arguments.train else "points.json" if arguments.mode == "f32" else "modes.json"
    arguments.points = arguments.points or folder / points_file
    if os.environ.get("OMP_NUM_THREADS") != str(arguments.threads):
        sys.exit(f"set OMP_NUM_THREADS={arguments.threads}: oneDNN reads it when it is loaded")
    libraries = load_libraries(arguments.peers, arguments.train)
    results, peers, beside = measured(points_of(arguments.points, arguments.filter), libraries, arguments)
    record = {"date": time.strftime("%Y-%m-%dT%H:%M:%S"), "commit": arguments.commit, "processor": processor(),
              "system": platform.platform(), "training": arguments.train, "mode": arguments.mode,
              "threads": arguments.threads, "rounds": arguments.rounds, "peers": peers, "beside": beside,
              "limits": limits_of(arguments.peers / "limits.so", results, arguments.threads, arguments.mode), "results": results}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
