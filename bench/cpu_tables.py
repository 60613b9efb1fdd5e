"""Tables and charts of what bench/cpu/contest.py measured: Rondo beside its peers on the CPU."""

import json
import pathlib

from markdown import table
from measurements import geometric_mean
from plot import chart

FEW_ROWS = 4
PARITY = 0.97


def load(path):
    return json.loads(pathlib.Path(path).read_text())


def limit_seconds(record, point):
    """The least time that the machine leaves: all operations, or reading the recurrent kernel in every step."""
    read = point["T"] * point["recurrent_bytes"] / record["limits"]["read"][str(point["recurrent_bytes"])]
    return max(point["flops"] / record["limits"]["flops"], read)


def steps(point, seconds):
    return f"{1e6 * seconds / point['T']:.2f}"


def short(name):
    return name.split("+")[0].replace("ONNX Runtime", "ORT")


def speed_rows(record):
    rondo, *peers = record["peers"]
    rows = []
    for point in record["results"]:
        seconds, best = point["seconds"], point["ratios"][point["best"]]
        mine = seconds[rondo]["median"]
        rows.append([point["name"], steps(point, mine), f"{100 * limit_seconds(record, point) / mine:.0f} %",
                     *[steps(point, seconds[peer]["median"]) for peer in peers],
                     f"**{best['median']:.2f}** ({best['p10']:.2f} to {best['p90']:.2f}) {short(point['best'])}"])
    return rows


def summary_rows(record):
    def row(label, points):
        ratios = [point["ratios"][point["best"]]["median"] for point in points]
        below = sum(ratio < PARITY for ratio in ratios)
        return [label, str(len(ratios)), f"{geometric_mean(ratios):.2f}", f"{min(ratios):.2f}", str(below)] if ratios else None
    points = [point for point in record["results"] if point["T"] > 1]
    rows = [row("all", points)]
    for cell in ("lstm", "gru"):
        own = [point for point in points if point["cell"] == cell]
        rows += [row(f"{cell}, B up to {FEW_ROWS}", [p for p in own if p["B"] <= FEW_ROWS]),
                 row(f"{cell}, larger B", [p for p in own if p["B"] > FEW_ROWS])]
    rows.append(row("T = 1, whole call", [point for point in record["results"] if point["T"] == 1]))
    return [r for r in rows if r]


def variant_rows(record):
    rondo = record["peers"][0]
    rows = []
    for point in record["results"]:
        variants = [name for name in point["ratios"] if name.startswith(rondo + " ")]
        rows += [[point["name"], name[len(rondo) + 1:], f"{point['ratios'][name]['median']:.3f}",
                  f"{point['ratios'][name]['p10']:.3f} to {point['ratios'][name]['p90']:.3f}"] for name in variants]
    return rows


def record_markdown(record, plot=None):
    peers = record["peers"][1:]
    threads = f"{record['threads']} thread" + ("s" if record["threads"] > 1 else "")
    lines = [f"### {threads}", "",
             f"{record['processor']}, {record['date'][:10]}, commit {record['commit']}; "
             f"{record['limits']['flops'] / 1e9:.0f} GFLOP/s in registers. Medians of {record['rounds']} rounds.", "",
             "Times of the best peer over Rondo's:", "",
             table(["points", "number", "geometric mean", "least", f"below {PARITY}"], summary_rows(record)), ""]
    if plot:
        lines += [f"![Rondo beside its peers]({plot})", ""]
    lines += ["Microseconds a step. Limit: the share of Rondo's time that the machine's operations, or reading the recurrent "
              "kernel, take at least.", "",
              table(["point", "Rondo", "limit", *[short(peer) for peer in peers], "best peer / Rondo"],
                    speed_rows(record)), ""]
    if variant_rows(record):
        lines += ["Time of a variant over that of the plain run:", "",
                  table(["point", "variant", "ratio", "p10 to p90"], variant_rows(record)), ""]
    return "\n".join(lines)


def chart_of(record):
    points = [point for point in record["results"] if point["T"] > 1 and point["I"] == point["H"]]
    series = {short(peer): [1e6 * point["seconds"][peer]["median"] / point["T"] for point in points]
              for peer in record["peers"]}
    return chart(f"Microseconds a step, {record['threads']} thread(s)", [point["name"] for point in points], series)


def cpu_markdown(paths, plots=None):
    """All of it; charts go into the folder `plots`, beside the document's."""
    parts = []
    for record in sorted((load(path) for path in paths), key=lambda record: record["threads"]):
        name = f"cpu_{record['threads']}_threads.svg"
        if plots:
            (pathlib.Path(plots) / name).write_text(chart_of(record))
        parts.append(record_markdown(record, f"images/{name}" if plots else None))
    return "\n".join(parts)
