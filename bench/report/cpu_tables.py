"""Tables and charts of what bench/cpu/contest.py measured: Rondo beside its peers on the CPU."""

import itertools
import json
import pathlib

import mode_tables
from cpu_limits import has_limits, mode_of, ratio_at_limit, share_of_limit
from markdown import link_to, table
from measurements import geometric_mean
from plot import chart

FEW_ROWS = 4
PARITY = 0.97
LIMITS = """ Limit: the share of Rondo's time that the products take at least: operations at the rate of operands from the first-level \
cache, reading the kernel of the inputs once and the recurrent one in every step. At the limit: what the ratio would be if \
nothing but that took time, no gate either."""
ERRORS = """ Error: how far y is from double precision, relative to its length."""
MODES = ("f32", "bf16x3", "bf16", "int8")  # in the order of pages


def load(path):
    return json.loads(pathlib.Path(path).read_text())


def load_runs(paths):
    """The records of runs among files, in the order of pages; those of training steps have a page of their own."""
    records = [record for record in map(load, paths) if not record.get("training")]
    return sorted(records, key=lambda record: (MODES.index(mode_of(record)), record["threads"], record["date"]))


def steps(point, seconds):
    return f"{1e6 * seconds / point['T']:.2f}"


def short(name):
    return name.split("+")[0].replace("ONNX Runtime", "ORT")


def columns_of(record):
    """The runs that have a column, Rondo's first."""
    rondo, *peers = record["peers"]
    return [rondo, *record.get("beside", ()), *peers]


def has_errors(record):
    return "errors" in record["results"][0]


def speed_heads(record):
    limits, errors = has_limits(record), has_errors(record)
    heads = [[short(name), *["error"] * errors] for name in columns_of(record)]
    heads[0] += ["limit"] * limits
    return ["point", *[head for column in heads for head in column], "best peer / Rondo", *["at the limit"] * limits]


def run_cells(record, point, name):
    """The time of a run and, where the record has errors, its error; empty where it does not take part at the point."""
    if name not in point["seconds"]:
        return [""] * (1 + has_errors(record))
    return [steps(point, point["seconds"][name]["median"]), *([f"{point['errors'][name]:.1e}"] if has_errors(record) else [])]


def speed_rows(record):
    limits = has_limits(record)
    rows = []
    for point in record["results"]:
        cells = [run_cells(record, point, name) for name in columns_of(record)]
        best = point["ratios"][point["best"]]
        if limits:
            cells[0].append(f"{100 * share_of_limit(record, point):.0f} %")
        rows.append([point["name"], *[cell for column in cells for cell in column],
                     f"**{best['median']:.2f}** ({best['p10']:.2f} to {best['p90']:.2f}) {short(point['best'])}",
                     *([f"{ratio_at_limit(record, point):.2f}"] if limits else [])])
    return rows


def summary_rows(record):
    def row(label, points):
        ratios = [point["ratios"][point["best"]]["median"] for point in points]
        below = sum(ratio < PARITY for ratio in ratios)
        if not ratios:
            return None
        cells = [label, str(len(ratios)), f"{geometric_mean(ratios):.2f}", f"{min(ratios):.2f}", str(below)]
        return [*cells, f"{geometric_mean([ratio_at_limit(record, point) for point in points]):.2f}"]
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
        beside = record.get("beside", ())
        variants = [name for name in point["ratios"] if name.startswith(rondo + " ") and name not in beside]
        rows += [[point["name"], name[len(rondo) + 1:], f"{point['ratios'][name]['median']:.3f}",
                  f"{point['ratios'][name]['p10']:.3f} to {point['ratios'][name]['p90']:.3f}"] for name in variants]
    return rows


def f32_summary(record):
    heads = ["points", "number", "geometric mean", "least", f"below {PARITY}", "at the limit"]
    return ["Times of the best peer over Rondo's:", "", table(heads, summary_rows(record))]


def mode_name(record):
    """The record's mode, or nothing for f32."""
    return "" if mode_of(record) == "f32" else mode_of(record)


def machine_words(record):
    limits = record["limits"]
    math = limits.get("math", "f32")
    unit = "" if math == "f32" else f" billion operations a second of {math}"
    return (f"{limits['flops'] / 1e9:.0f} GFLOP/s in registers, {limits['product'] / 1e9:.0f}{unit} with operands from the "
            "first-level cache")


def record_markdown(record, plot=None):
    threads = f"{record['threads']} thread" + ("s" if record["threads"] > 1 else "")
    limits, mode = has_limits(record), mode_name(record)
    lines = [f"### {threads}" + (f", {mode}" if mode else ""), "",
             f"{record['processor']}, {record['date'][:10]}, commit {record['commit']}; {machine_words(record)}. "
             f"Medians of {record['rounds']} rounds.", "", *(mode_tables.summary(record) if mode else f32_summary(record)), ""]
    if plot:
        lines += [f"![Rondo beside its peers]({plot})", ""]
    lines += ["Microseconds a step." + LIMITS * limits + ERRORS * has_errors(record), "",
              table(speed_heads(record), speed_rows(record)), ""]
    lines += [line for line in mode_tables.remarks(record) for line in (line, "")]
    if variant_rows(record):
        lines += ["Time of a variant over that of the plain run:", "",
                  table(["point", "variant", "ratio", "p10 to p90"], variant_rows(record)), ""]
    return "\n".join(lines)


def family(name):
    """What a chart calls a library: its versions, and its operation of training, are one series."""
    words = [word for word in short(name).split() if word != "forward_training"]
    return " ".join([words[0], *words[2:]] if "in PyTorch" not in name else words[:1])


def series_of(record, points):
    """{name: microseconds a step at each point}: Rondo's runs, and the best of each family of peers."""
    rondo, *peers = record["peers"]
    groups = {name: [name] for name in (rondo, *record.get("beside", ()))}
    for peer in peers:
        groups.setdefault(family(peer), []).append(peer)
    def value(point, names):
        return min((1e6 * point["seconds"][name]["median"] / point["T"] for name in names if name in point["seconds"]), default=None)
    return {group: [value(point, names) for point in points] for group, names in groups.items()}


def chart_of(record):
    points = [point for point in record["results"] if point["T"] > 1 and point["I"] == point["H"]]
    title = f"Microseconds a step, {record['threads']} thread(s)" + (f", {mode_name(record)}" if mode_name(record) else "")
    return chart(title, [point["name"] for point in points], series_of(record, points))


def chart_name(record, names):
    """A name that is not among `names`: the first record of a mode and a number of threads has the plain one, the next ones have
    their dates and, within a day, numbers."""
    plain = "_".join(["cpu", *filter(None, [mode_name(record)]), str(record["threads"]), "threads"])
    dated = f"{plain}_{record['date'][:10]}"
    choices = itertools.chain([plain, dated], (f"{dated}_{number}" for number in itertools.count(2)))
    return next(name for name in (f"{choice}.svg" for choice in choices) if name not in names)


def cpu_markdown(paths, plots=None, document=None):
    """The whole section. Charts are written into the folder `plots`, if one is given."""
    parts, names = [], []
    for record in load_runs(paths):
        names.append(chart_name(record, names))
        path = plots / names[-1] if plots else None
        if plots:
            plots.mkdir(parents=True, exist_ok=True)
            path.write_text(chart_of(record))
        parts.append(record_markdown(record, link_to(path, document) if plots else None))
    return "\n".join(parts)
