"""Measures ragged batches on the CPU side by side: Rondo's padded, packed and plain runs, and PyTorch's PackedSequence.

    OMP_NUM_THREADS=1 python ragged.py --peers build/bench/bench --threads 1 --table ragged.md [--filter TEXT] [--rounds N]

Lengths are uniform in 1 .. T, and the longest is T. All turns of a round follow each other; figures are medians over the
rounds. `live` is the share of live steps, of all T B. `live steps alone` are plain runs, each over the steps that have the
same rows.
"""

import argparse
import math
import os
import pathlib
import statistics
import sys

import numpy as np

from contest import measure, name_of, points_of
from peers import Problem, PyTorch, SharedObject

HEAD = ["point", "live", "plain, ms", "lengths, ms", "lengths / live steps alone", "packed / lengths", "resets / plain",
        "PyTorch packed, ms", "PyTorch / packed", "p10..p90"]
VARIANTS = ("", "lengths", "live_alone", "packed", "resets")
TOLERANCE = 1e-4


def packed_outputs(problem, y):
    """The live rows of y (T, B, H), one step after the other."""
    return np.concatenate([y[t, :int((problem.lengths > t).sum())] for t in range(problem.T)])


def check_equal(problem, runs):
    """All runs over the ragged batch give the same outputs."""
    expected = packed_outputs(problem, runs["lengths"].y)
    rows = len(expected)
    packed = runs["packed"].y.reshape(-1, problem.H)[:rows]
    alone = packed_outputs(problem, runs["live_alone"].y)
    for name, y in (("packed", packed), ("live_alone", alone), ("PyTorch", runs["PyTorch"].y.numpy())):
        difference = float(np.abs(np.asarray(y) - expected).max())
        if not difference <= TOLERANCE:
            sys.exit(f"{name} and lengths are {difference} apart")


def contest(point, rondo, pytorch, arguments):
    problem = Problem(point)
    runs = {name or "plain": rondo.create(problem, arguments.threads, name) for name in VARIANTS}
    runs["PyTorch"] = pytorch.create(problem, arguments.threads, "packed")
    for run in runs.values():
        run.run(1)
    check_equal(problem, runs)
    seconds = measure(runs, arguments.rounds)
    for run in runs.values():
        run.close()
    ratio = lambda a, b: statistics.median([x / y for x, y in zip(seconds[a], seconds[b])])
    live = problem.lengths.sum() / (problem.T * problem.B)
    against = sorted(theirs / ours for theirs, ours in zip(seconds["PyTorch"], seconds["packed"]))
    milliseconds = lambda name: f"{1e3 * statistics.median(seconds[name]):.3f}"
    row = [name_of(point), f"{live:.2f}", milliseconds("plain"), milliseconds("lengths"),
           f"{ratio('lengths', 'live_alone'):.3f}",
           f"{ratio('packed', 'lengths'):.3f}", f"{ratio('resets', 'plain'):.3f}", milliseconds("PyTorch"),
           f"{statistics.median(against):.2f}", f"{against[len(against) // 10]:.2f}..{against[-1 - len(against) // 10]:.2f}"]
    return row, statistics.median(against)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--table", type=pathlib.Path, required=True)
    parser.add_argument("--points", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "ragged.json")
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != str(arguments.threads):
        sys.exit(f"set OMP_NUM_THREADS={arguments.threads}: PyTorch reads it when it is loaded")
    rondo, pytorch = SharedObject(str(arguments.peers / "rondo_peer.so")), PyTorch()
    rows, ratios = [HEAD, ["---"] * len(HEAD)], []
    for point in points_of(arguments.points, arguments.filter):
        row, ratio = contest(point, rondo, pytorch, arguments)
        rows.append(row)
        ratios.append(ratio)
        print(" | ".join(row), file=sys.stderr, flush=True)
    mean = math.exp(statistics.mean(map(math.log, ratios)))
    table = "".join("| " + " | ".join(row) + " |\n" for row in rows)
    arguments.table.write_text(f"{table}\n{pytorch.name} beside packed Rondo, geometric mean: {mean:.2f}.\n")


if __name__ == "__main__":
    main()
