#!/usr/bin/env python3
"""Prints tables of training steps on the CPU, in Markdown, from files of `contest.py --train`.

    training_table.py FILE...
"""

import json
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "report"))

from cpu_tables import short  # noqa: E402
from markdown import table  # noqa: E402
from measurements import geometric_mean  # noqa: E402

LEAST = 0.95
ABOUT = """Milliseconds of a training step: the run, and the gradients of x and of all weights. Weights are packed before, and in the
columns "packed anew" in each step, as after an optimizer's step; PyTorch has no weights that are packed before. GFLOP/s counts
the products alone, three times those of a run. Ratios are the best peer's time over Rondo's, with p10 to p90."""


def milliseconds(spread):
    return f"{1e3 * spread['median']:.2f}"


def ratio_text(ratios, best):
    spread = ratios[best]
    return f"**{spread['median']:.2f}** ({spread['p10']:.2f} to {spread['p90']:.2f}) {short(best)}"


def speed_rows(record):
    rondo, *peers = record["peers"]
    rows = []
    for point in record["results"]:
        seconds = point["seconds"]
        anew = [name for name in (f"{rondo} reload", *(f"{peer} reload" for peer in peers)) if name in seconds]
        rows.append([point["name"], milliseconds(seconds[rondo]), f"{point['flops'] / seconds[rondo]['median'] / 1e9:.0f}",
                     *[milliseconds(seconds[peer]) for peer in peers], ratio_text(point["ratios"], point["best"]),
                     *[milliseconds(seconds[name]) for name in anew],
                     ratio_text(point["reload_ratios"], point["reload_best"])])
    return rows


def speed_head(record):
    rondo, *peers = record["peers"]
    anew = [name for name in record["peers"] if f"{name} reload" in record["results"][0]["seconds"]]
    return ["point", rondo, "GFLOP/s", *map(short, peers), f"best peer / {rondo}",
            *[f"{short(name)}, packed anew" for name in anew], "best peer / Rondo, packed anew"]


def library_ratios(points, library, ratios):
    """The least ratio among the versions of a library, at each point that has one."""
    found = [[spread["median"] for name, spread in point[ratios].items() if name.startswith(library) and " reload" not in name]
             for point in points]
    return [min(values) for values in found if values]


def summary_rows(record):
    libraries = list(dict.fromkeys(peer.split()[0] for peer in record["peers"][1:]))
    rows = []
    for cell in dict.fromkeys(point["cell"] for point in record["results"]):
        points = [point for point in record["results"] if point["cell"] == cell]
        for library in libraries:
            for key, weights in (("ratios", "packed before"), ("reload_ratios", "packed anew")):
                values = library_ratios(points, library, key)
                below = sum(value < LEAST for value in values)
                rows.append([cell, library, weights, str(len(values)), f"{geometric_mean(values):.2f}", f"{min(values):.2f}",
                             str(below)])
    return rows


def record_markdown(record):
    threads = f"{record['threads']} thread" + ("s" if record["threads"] > 1 else "")
    head = f"{record['processor']}, {record['date'][:10]}, commit {record['commit']}; medians of {record['rounds']} rounds."
    summary = table(["cell", "beside", "weights", "points", "geometric mean", "least", f"below {LEAST}"], summary_rows(record))
    return "\n".join([f"### Training steps, {threads}", "", head, "", ABOUT, "",
                      table(speed_head(record), speed_rows(record)), "",
                      "Times of a library, in the faster of its versions, over Rondo's:", "", summary, ""])


def main(paths):
    for path in paths:
        record = json.loads(pathlib.Path(path).read_text())
        print(record_markdown(record) if record["results"] else f"no points in {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
