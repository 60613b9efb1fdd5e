"""Measures ragged batches on the CPU side by side: Rondo's padded, packed and plain runs, and PyTorch's PackedSequence.

    OMP_NUM_THREADS=1 python ragged.py --peers build/bench/bench --threads 1 --table ragged.md [--train] [--filter TEXT]
        [--rounds N]

Lengths are uniform in 1 .. T, and the longest is T. All turns of a round follow each other; figures are medians over the
rounds. `live` is the share of live steps, of all T B. `live steps alone` are plain runs, each over the steps that have the
same rows.

With --train each run is a training step, of a run and all its gradients, and the gradients are compared before.
"""

import argparse
import math
import os
import pathlib
import statistics
import sys

import numpy as np

from contest import name_of, points_of
from peers import Problem, SharedObject
from torch_peer import PyTorch
from turns import measure

VARIANTS = ("", "lengths", "live_alone", "packed", "resets")
TRAINING_VARIANTS = VARIANTS[:-1]
TOLERANCE = 1e-4


def packed_rows(problem, sequence):
    """The live rows of a sequence (T, B, features), one step after the other."""
    return np.concatenate([sequence[t, :int((problem.lengths > t).sum())] for t in range(problem.T)])


def tensors_of(problem, run, is_packed):
    """What a run has written: y and the gradient of x packed, and the gradients of weights."""
    rows = int(problem.lengths.sum())
    packed = lambda a: np.asarray(a).reshape(-1, a.shape[-1])[:rows] if is_packed else packed_rows(problem, np.asarray(a))
    gradients = getattr(run, "gradients", {})
    return {"y": packed(run.y), **{f"gradient of {name}": packed(value) if name == "x" else value
                                   for name, value in gradients.items()}}


def check_equal(problem, runs):
    """All runs over the ragged batch give the same outputs and gradients."""
    expected = tensors_of(problem, runs["lengths"], False)
    for name in ("packed", "live_alone", "PyTorch"):
        for tensor, values in tensors_of(problem, runs[name], name != "live_alone").items():
            difference = float(np.abs(values - expected[tensor]).max())
            if not difference <= TOLERANCE * float(np.abs(expected[tensor]).max()):
                sys.exit(f"{name} and lengths: {tensor} is {difference} apart")


def create_runs(problem, rondo, pytorch, arguments):
    prefix = "train_" if arguments.train else ""
    variant = lambda name: (prefix + name).rstrip("_")
    runs = {name or "plain": rondo.create(problem, arguments.threads, variant(name))
            for name in (TRAINING_VARIANTS if arguments.train else VARIANTS)}
    runs["PyTorch"] = pytorch.create(problem, arguments.threads, variant("packed"))
    for run in runs.values():
        run.run(1)
    return runs


def contest(point, rondo, pytorch, arguments):
    """({column: text}, ratio of PyTorch)."""
    problem = Problem(point)
    runs = create_runs(problem, rondo, pytorch, arguments)
    check_equal(problem, runs)
    seconds = measure(runs, arguments.rounds)
    for run in runs.values():
        run.close()
    ratio = lambda a, b: f"{statistics.median([x / y for x, y in zip(seconds[a], seconds[b])]):.3f}"
    live = problem.lengths.sum() / (problem.T * problem.B)
    against = sorted(theirs / ours for theirs, ours in zip(seconds["PyTorch"], seconds["packed"]))
    milliseconds = lambda name: f"{1e3 * statistics.median(seconds[name]):.3f}"
    row = {"point": name_of(point), "live": f"{live:.2f}", "plain, ms": milliseconds("plain"),
           "lengths, ms": milliseconds("lengths"), "lengths / live steps alone": ratio("lengths", "live_alone"),
           "packed / lengths": ratio("packed", "lengths")}
    if "resets" in seconds:
        row["resets / plain"] = ratio("resets", "plain")
    row |= {"PyTorch packed, ms": milliseconds("PyTorch"), "PyTorch / packed": f"{statistics.median(against):.2f}",
            "p10..p90": f"{against[len(against) // 10]:.2f}..{against[-1 - len(against) // 10]:.2f}"}
    return row, statistics.median(against)


def write_table(path, rows, ratios, pytorch):
    if not rows:
        path.write_text("no points\n")
        return
    lines = [list(rows[0]), ["---"] * len(rows[0]), *[list(row.values()) for row in rows]]
    table = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    mean = math.exp(statistics.mean(map(math.log, ratios)))
    path.write_text(f"{table}\n{pytorch.name} beside packed Rondo, geometric mean: {mean:.2f}.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--table", type=pathlib.Path, required=True)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--points", type=pathlib.Path)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    points = "train_ragged.json" if arguments.train else "ragged.json"
    arguments.points = arguments.points or pathlib.Path(__file__).resolve().parent / points
    if os.environ.get("OMP_NUM_THREADS") != str(arguments.threads):
        sys.exit(f"set OMP_NUM_THREADS={arguments.threads}: PyTorch reads it when it is loaded")
    rondo, pytorch = SharedObject(str(arguments.peers / "rondo_peer.so")), PyTorch()
    rows, ratios = [], []
    for point in points_of(arguments.points, arguments.filter):
        row, ratio = contest(point, rondo, pytorch, arguments)
        rows.append(row)
        ratios.append(ratio)
        print(" | ".join(row.values()), file=sys.stderr, flush=True)
    write_table(arguments.table, rows, ratios, pytorch)


if __name__ == "__main__":
    main()
