#!/usr/bin/env python3
"""Measures Rondo beside its peers on the CPU: one process runs them alternately.

    contest.py --peers FOLDER --threads N --json FILE [--mode f32|bf16 | --train] [--points FILE] [--filter REGEX]
               [--rounds 7]

FOLDER holds the shared objects rondo_peer, onednn_peer and, where it was built, second_onednn_peer. All peers of a point
run in every round, and each round begins with another peer. A turn lasts about 25 ms, or one run, and begins when the
threads of the previous peer have stopped waiting for work. The file has medians over rounds, and medians of the ratios
within a round. The outputs of all peers are compared before any is timed. `OMP_NUM_THREADS` must be N.

The mode says in what the products are computed: `f32`, or `bf16` with x, weights and y of bf16, where a library that has no such
products is left out. In f32 an operation of oneDNN that keeps what gradients need is one more peer, because it is the faster one at
some points. Of every peer the file has the error of y against double precision: the length of the difference over the length of y.

With --train each run is a training step: a run that keeps what gradients need, then the gradients of x and of all weights.
The gradients are compared, too. Libraries that pack weights run a second time, packing them anew in each step.
"""

import argparse
import ctypes
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import time

import numpy as np

from exact import exact_outputs
from peers import OnnxRuntime, Problem, SharedObject
from torch_peer import PyTorch

TURN_SECONDS = 0.025
SETTLE_SECONDS = 0.005
SETTLE_MOST = 200
TOLERANCES = {"f32": 1e-4, "bf16": 3e-2}
RELOAD = " reload"  # is appended to the names of libraries that pack weights in each step
FORWARD_TRAINING = " forward_training"  # likewise, of an operation that keeps what gradients need
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


def spread(values):
    ordered = sorted(values)
    at = lambda share: ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
    return {"median": statistics.median(values), "p10": at(0.1), "p90": at(0.9), "least": ordered[0]}


def settle():
    """Waits until this process uses no CPU time. Libraries let their threads spin for a while after a run, and spinning
    threads would take a processor from the library that runs next."""
    for _ in range(SETTLE_MOST):
        before = time.process_time()
        time.sleep(SETTLE_SECONDS)
        if time.process_time() - before < 0.1 * SETTLE_SECONDS:
            return
    sys.exit(f"threads are still busy {SETTLE_MOST * SETTLE_SECONDS} s after a run")


def measure(runs, rounds):
    """{name: seconds of one run, for each round}."""
    repeats = {}
    for name, run in runs.items():
        run.run(1)
        repeats[name] = max(1, int(TURN_SECONDS / max(run.run(1), 1e-7)))
    names = list(runs)
    seconds = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            settle()
            runs[name].run(1)  # warms threads and caches, as in a row of runs
            taken = runs[name].run(repeats[name]) / repeats[name]
            if turn > 0:
                seconds[name].append(taken)
    return seconds


def check_equal(where, name, run, expected, tolerance):
    """Ends the program unless a run has the outputs and gradients of the run `expected`."""
    tensors = lambda run: {"y": run.y, **{f"gradient of {name}": value for name, value in gradients_of(run).items()}}
    own = tensors(run)
    for tensor, values in tensors(expected).items():
        difference = float(np.abs(own[tensor] - values).max())
        if not difference <= tolerance * float(np.abs(values).max()):
            sys.exit(f"{where}: {tensor} of {name} is {difference} apart, where the largest is {np.abs(values).max()}")


def gradients_of(run):
    return getattr(run, "gradients", {})


def ratios_of(seconds, own, others):
    """{name: spread over the rounds of its time over that of `own`}; `others` has the key in `seconds` of each name."""
    ratios = lambda key: [theirs / mine for theirs, mine in zip(seconds[key], seconds[own])]
    return {name: spread(ratios(key)) for name, key in others.items()}


def competitors_of(peers, arguments):
    """{name: (library, variant)} of all that are compared with one another, Rondo first."""
    variant = "train" if arguments.train else {"f32": "", "bf16": "bf16"}[arguments.mode]
    competitors = {peer.name: (peer, variant) for peer in peers if arguments.mode in peer.modes}
    if not variant:
        competitors |= {peer.name + FORWARD_TRAINING: (peer, "forward_training") for peer in peers if peer.has_forward_training}
    return competitors


def create_runs(problem, competitors, arguments):
    """{name: run} of the competitors, which all have run once and agree. In other modes than f32 a library may refuse, because
    the processor lacks an instruction."""
    runs = {}
    for name, (peer, variant) in competitors.items():
        try:
            runs[name] = peer.create(problem, arguments.threads, variant)
        except RuntimeError as error:
            if arguments.mode == "f32" or not runs:
                raise
            print(f"{name_of(problem.point)}: {name} is left out: {error}", file=sys.stderr)
    if arguments.train:
        runs |= {name + RELOAD: peer.create(problem, arguments.threads, "train_reload")
                 for name, (peer, _) in competitors.items() if peer.packs_weights}
    own = next(iter(runs.values()))
    for name, run in runs.items():
        run.run(1)
        check_equal(name_of(problem.point), name, run, own, TOLERANCES[arguments.mode])
    return runs


def errors_of(problem, runs):
    """{name: relative error of y}."""
    exact = exact_outputs(problem)
    return {name: float(np.linalg.norm(np.asarray(run.y) - exact) / np.linalg.norm(exact)) for name, run in runs.items()}


def contest(point, competitors, arguments):
    problem = Problem(point)
    rondo = next(iter(competitors))
    runs = create_runs(problem, competitors, arguments)
    others = [name for name in runs if name in competitors and name != rondo]
    if not others:
        sys.exit(f"{name_of(point)}: no other library runs in mode {arguments.mode} here")
    errors = errors_of(problem, runs)
    if point["variants"] and arguments.mode == "f32":
        variants = VARIANTS if point["variants"] is True else [point["variants"]]
        runs.update({f"{rondo} {variant}": competitors[rondo][0].create(problem, arguments.threads, variant)
                     for variant in variants})
    seconds = measure(runs, arguments.rounds)
    for run in runs.values():
        run.close()
    result = {**point, "name": name_of(point), "flops": (3 if arguments.train else 1) * problem.flops(),
              "recurrent_bytes": problem.recurrent_kernel.nbytes, "errors": errors,
              "seconds": {name: spread(values) for name, values in seconds.items()},
              "ratios": ratios_of(seconds, rondo, {name: name for name in runs if name != rondo}),
              "best": min(others, key=lambda name: statistics.median(seconds[name]))}
    if arguments.train:
        keys = {name: name + RELOAD if name + RELOAD in seconds else name for name in others}
        result["reload_ratios"] = ratios_of(seconds, rondo + RELOAD, keys)
        result["reload_best"] = min(others, key=lambda name: statistics.median(seconds[keys[name]]))
    return result


def limits_of(path, results, threads):
    """The machine's limits: operations a second in registers and of products, and for each point the bytes a second at
    which recurrent weights of that size are read."""
    library = ctypes.CDLL(str(path))
    for function in (library.limits_flops, library.limits_product, library.limits_read):
        function.restype = ctypes.c_double
    sizes = sorted({result["recurrent_bytes"] for result in results})
    read = {size: library.limits_read(ctypes.c_int64(size), threads) for size in sizes}
    return {"flops": library.limits_flops(threads), "product": library.limits_product(threads),
            "read": {str(size): rate for size, rate in read.items()}}


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    return re.search(r"model name\s*:\s*(.*)", text).group(1)


def load_peers(arguments):
    """Rondo, then all others that there are. ONNX Runtime has no training steps."""
    objects = [arguments.peers / f"{name}.so" for name in ("rondo_peer", "onednn_peer", "second_onednn_peer")]
    peers = [SharedObject(str(path)) for path in objects if path.exists()]
    for library in (PyTorch,) if arguments.train else (OnnxRuntime, PyTorch):
        try:
            peers.append(library())
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    return peers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--mode", choices=TOLERANCES, default="f32")
    kinds.add_argument("--train", action="store_true")
    parser.add_argument("--points", type=pathlib.Path)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--commit", default="")
    arguments = parser.parse_args()
    arguments.points = arguments.points or folder / ("train.json" if arguments.train else "points.json")
    if os.environ.get("OMP_NUM_THREADS") != str(arguments.threads):
        sys.exit(f"set OMP_NUM_THREADS={arguments.threads}: oneDNN reads it when it is loaded")
    competitors = competitors_of(load_peers(arguments), arguments)
    results = []
    for point in points_of(arguments.points, arguments.filter):
        result = contest(point, competitors, arguments)
        results.append(result)
        best = result["ratios"][result["best"]]
        steps = 1e6 / point["T"]
        print(f"{result['name']}: {result['seconds'][next(iter(competitors))]['median'] * steps:.2f} us a step, "
              f"{best['median']:.2f} x {result['best']}", file=sys.stderr, flush=True)
    record = {"date": time.strftime("%Y-%m-%dT%H:%M:%S"), "commit": arguments.commit, "processor": processor(),
              "system": platform.platform(), "training": arguments.train, "mode": arguments.mode,
              "threads": arguments.threads, "rounds": arguments.rounds, "peers": list(competitors),
              "limits": limits_of(arguments.peers / "limits.so", results, arguments.threads), "results": results}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
