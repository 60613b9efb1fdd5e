"""Tables and charts of what bench/cpu/contest.py measured: Rondo beside its peers on the CPU."""

import json
import pathlib

from markdown import link_to, table
from measurements import geometric_mean
from plot import chart

FEW_ROWS = 4
PARITY = 0.97
LIMITS = """ Limit: the share of Rondo's time that the products take at least: operations at the rate of operands from the first-level \
cache, reading the kernel of the inputs once and the recurrent one in every step. At the limit: what the ratio would be if \
nothing but that took time, no gate either."""
ERRORS = """ Errors: how far y is from double precision, relative to its length, of Rondo and of the best peer."""


def load(path):
    return json.loads(pathlib.Path(path).read_text())


def limit_seconds(record, point):
    """A lower bound of the time of the products on this machine. The product of the inputs takes the longer of its
    operations and one reading of its kernel; the recurrent product, of its operations and a reading in every step."""
    limits = record["limits"]
    read = point["recurrent_bytes"] / limits["read"][str(point["recurrent_bytes"])]
    of_inputs = point["I"] / (point["I"] + point["H"])
    operations = point["flops"] / limits["product"]
    inputs = max(of_inputs * operations, point["I"] / point["H"] * read)
    return inputs + max((1 - of_inputs) * operations, point["T"] * read)


def ratio_at_limit(record, point):
    """The best peer's time over the limit, a ratio that no implementation can exceed."""
    return point["seconds"][point["best"]]["median"] / limit_seconds(record, point)


def steps(point, seconds):
    return f"{1e6 * seconds / point['T']:.2f}"


def short(name):
    return name.split("+")[0].replace("ONNX Runtime", "ORT")


def mode_of(record):
    return record.get("mode", "f32")


def has_limits(record):
    """The limits are those of products in f32."""
    return mode_of(record) == "f32"


def errors_text(record, point):
    """The errors of Rondo and of its best peer; older records have none."""
    errors = point.get("errors")
    return [f"{errors[record['peers'][0]]:.1e}, {errors[point['best']]:.1e}"] if errors else []


def speed_heads(record):
    limits = has_limits(record)
    return ["point", "Rondo", *["limit"] * limits, *[short(peer) for peer in record["peers"][1:]], "best peer / Rondo",
            *["at the limit"] * limits, *["errors"] * ("errors" in record["results"][0])]


def speed_rows(record):
    rondo, *peers = record["peers"]
    limits = has_limits(record)
    rows = []
    for point in record["results"]:
        seconds, best = point["seconds"], point["ratios"][point["best"]]
        mine = seconds[rondo]["median"]
        limit = [f"{100 * limit_seconds(record, point) / mine:.0f} %"] if limits else []
        rows.append([point["name"], steps(point, mine), *limit,
                     *[steps(point, seconds[peer]["median"]) if peer in seconds else "" for peer in peers],
                     f"**{best['median']:.2f}** ({best['p10']:.2f} to {best['p90']:.2f}) {short(point['best'])}",
                     *([f"{ratio_at_limit(record, point):.2f}"] if limits else []), *errors_text(record, point)])
    return rows


def summary_rows(record):
    def row(label, points):
        ratios = [point["ratios"][point["best"]]["median"] for point in points]
        below = sum(ratio < PARITY for ratio in ratios)
        if not ratios:
            return None
        cells = [label, str(len(ratios)), f"{geometric_mean(ratios):.2f}", f"{min(ratios):.2f}", str(below)]
        if has_limits(record):
            cells.append(f"{geometric_mean([ratio_at_limit(record, point) for point in points]):.2f}")
        return cells
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
    threads = f"{record['threads']} thread" + ("s" if record["threads"] > 1 else "")
    limits = has_limits(record)
    lines = [f"### {threads}" + ("" if limits else f", {mode_of(record)}"), "",
             f"{record['processor']}, {record['date'][:10]}, commit {record['commit']}; "
             f"{record['limits']['flops'] / 1e9:.0f} GFLOP/s in registers, {record['limits']['product'] / 1e9:.0f} with operands "
             f"from the first-level cache. Medians of {record['rounds']} rounds.", "",
             "Times of the best peer over Rondo's:", "",
             table(["points", "number", "geometric mean", "least", f"below {PARITY}", *["at the limit"] * limits],
                   summary_rows(record)), ""]
    if plot:
        lines += [f"![Rondo beside its peers]({plot})", ""]
    lines += ["Microseconds a step." + LIMITS * limits + ERRORS * ("errors" in record["results"][0]), "",
              table(speed_heads(record), speed_rows(record)), ""]
    if variant_rows(record):
        lines += ["Time of a variant over that of the plain run:", "",
                  table(["point", "variant", "ratio", "p10 to p90"], variant_rows(record)), ""]
    return "\n".join(lines)


def chart_of(record):
    points = [point for point in record["results"] if point["T"] > 1 and point["I"] == point["H"]]
    value = lambda point, peer: 1e6 * point["seconds"][peer]["median"] / point["T"] if peer in point["seconds"] else None
    peers = [peer for peer in record["peers"] if not peer.endswith("forward_training")]
    series = {short(peer): [value(point, peer) for point in points] for peer in peers}
    title = f"Microseconds a step, {record['threads']} thread(s)" + ("" if has_limits(record) else f", {mode_of(record)}")
    return chart(title, [point["name"] for point in points], series)


def cpu_markdown(paths, plots=None, document=None):
    """The whole section. Charts are written into the folder `plots`, if one is given."""
    parts = []
    for record in sorted((load(path) for path in paths), key=lambda record: (not has_limits(record), record["threads"])):
        mode = "" if has_limits(record) else f"{mode_of(record)}_"
        chart_path = plots / f"cpu_{mode}{record['threads']}_threads.svg" if plots else None
        if plots:
            plots.mkdir(parents=True, exist_ok=True)
            chart_path.write_text(chart_of(record))
        parts.append(record_markdown(record, link_to(chart_path, document) if plots else None))
    return "\n".join(parts)
