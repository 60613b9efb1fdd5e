"""The tables and charts of docs/performance.md: Rondo against its peers on the CPU in each mode, and against cuDNN."""

import cpu_tables
import mode_tables
from markdown import link_to, table
from measurements import PLANNED, fastest, geometric_mean, load, planned_rondo, runs_of
from plot import chart
from tables import STEPS_SET, against_cudnn, full_name, order, times

CHART_ROWS = (1, 16, 64)  # the B of a CPU's chart; all points would not fit a page
UNMEASURED = "not yet measured"


def is_of_cpu(path):
    return "peers" in cpu_tables.load(path)


def threads_of(record):
    return f"{record['threads']} thread" + ("s" if record["threads"] > 1 else "")


def cpu_table(records):
    """A table with the geometric mean and the least of the ratios, for each number of threads."""
    summaries = [{row[0]: row for row in cpu_tables.summary_rows(record)} for record in records]
    labels = list(dict.fromkeys(label for summary in summaries for label in summary))
    rows = []
    for label in labels:
        of_label = [summary.get(label) for summary in summaries]
        means = [cell for row in of_label for cell in ((row[2], row[3]) if row else ("-", "-"))]
        rows.append([label, next(row[1] for row in of_label if row), *means])
    columns = [f"{threads_of(record)}, {what}" for record in records for what in ("geometric mean", "least")]
    return table(["points", "number", *columns], rows)


def charted(record):
    """{name of a point: the best peer's time over Rondo's}. A record without any of CHART_ROWS has all rows."""
    plain = [point for point in record["results"] if point["T"] > 1 and point["I"] == point["H"]]
    of_rows = [point for point in plain if point["B"] in CHART_ROWS]
    return {point["name"]: point["ratios"][point["best"]]["median"] for point in of_rows or plain}


def cpu_chart(records):
    shown = [charted(record) for record in records]
    labels = list(dict.fromkeys(name for ratios in shown for name in ratios))
    series = {threads_of(record): [ratios.get(name) for name in labels] for record, ratios in zip(records, shown)}
    return chart("The best peer's time over Rondo's: above 1, Rondo is faster", labels, series)


def newest(records):
    """{mode: its records}, of each number of threads the newest one."""
    kept = {(cpu_tables.mode_of(record), record["threads"]): record for record in sorted(records, key=lambda record: record["date"])}
    return {mode: [kept[key] for key in sorted(kept) if key[0] == mode] for mode in cpu_tables.MODES
            if any(key[0] == mode for key in kept)}


def origin_of(record):
    return f"{threads_of(record)}: {record['processor']}, {record['date'][:10]}, commit {record['commit']}"


def with_chart(text, records, name, plots, document):
    """A section of the page: text, then a chart of the records where there is a folder for charts."""
    parts = ["; ".join(map(origin_of, records)) + ".", text]
    if plots:
        path = plots / f"{name}.svg"
        path.write_text(cpu_chart(records))
        parts.append(f"![The best peer's time over Rondo's]({link_to(path, document)})")
    return "\n\n".join(parts)


def mode_table(records):
    """A table of a mode of low precision: for each number of threads the ratios to the best peer and to strict f32, and the error."""
    groups = [mode_tables.groups_of(record) for record in records]
    labels = list(dict.fromkeys(label for group in groups for label in group))
    rows = []
    for label in labels:
        row = [label]
        for record, group in zip(records, groups):
            points = group.get(label, [])
            row += mode_tables.mean_and_least([mode_tables.against_best(point) for point in points])
            row.append(mode_tables.mean_and_least(mode_tables.against_strict(record, points))[0])
        row.append(f"{max(mode_tables.largest_error(record, group[label]) for record, group in zip(records, groups) if label in group):.1e}")
        rows.append(row)
    columns = [f"{threads_of(record)}, {what}" for record in records for what in ("best peer / Rondo", "least", "strict f32 / Rondo")]
    return table(["points", *columns, "largest error"], rows)


def modes_overview(kept, plots, document):
    """The section about the modes of low precision, each with a table and a chart."""
    parts = []
    for mode, records in kept.items():
        parts += [f"### {mode}", mode_tables.ABOUT[mode],
                  with_chart(mode_table(records), records, f"overview_cpu_{mode}", plots, document)]
    return "\n\n".join(parts)


def cpu_overviews(paths, plots, document):
    """(marker, text) of files of scripts/bench cpu: of f32, and of the modes of low precision."""
    kept = newest(cpu_tables.load_runs(paths))
    of_f32 = kept.pop("f32", None)
    parts = [("overview_cpu", with_chart(cpu_table(of_f32), of_f32, "overview_cpu", plots, document))] if of_f32 else []
    return parts + ([("overview_modes", modes_overview(kept, plots, document))] if kept else [])


def gpu_row(executor, math_name, pairs):
    """A row of the table. `pairs` are results, each with its fastest run of the executor."""
    ratios = [(against_cudnn(result, run), result) for result, run in pairs]
    of = {key: [(values[key], result) for values, result in ratios if values[key] is not None] for key in ("best", "standard")}
    means = {key: times(geometric_mean(value for value, _ in found)) for key, found in of.items()}
    least, at = min(of["best"], key=lambda pair: pair[0], default=(None, None))
    return [f"`{executor}`", math_name, str(len(pairs)), str(len(of["best"])), means["standard"], means["best"], times(least),
            full_name(at) if at else "-"]


def gpu_table(bench):
    """A table with the geometric means of each arithmetic, for each executor that a plan takes."""
    results = [result for result in bench["results"] if result["set"] != STEPS_SET]
    rows = []
    for executor in PLANNED:
        pairs = [(result, run) for result in results if (run := fastest(runs_of(result, executor)))]
        if not pairs:
            rows.append([f"`{executor}`", "every", "0", "0", UNMEASURED, UNMEASURED, "-", "-"])
            continue
        for math_name in sorted({result["math"] for result, _ in pairs}):
            rows.append(gpu_row(executor, math_name, [pair for pair in pairs if pair[0]["math"] == math_name]))
        rows.append(gpu_row(executor, "every", pairs))
    return table(["executor", "arithmetic", "points", "cuDNN runs", "against standard, geometric mean",
                  "against best, geometric mean", "least", "at"], rows)


def gpu_chart(bench):
    results = [result for result in bench["results"] if result["set"] != STEPS_SET and result["runs"]]
    results.sort(key=lambda result: (result["cell"], result["math"], order(result)))
    pairs = [(result, against_cudnn(result, planned_rondo(result))) for result in results]
    pairs = [(result, values) for result, values in pairs if values["best"] is not None]
    series = {f"cuDNN's {key}": [values[key] for _, values in pairs] for key in ("standard", "best")}
    title = f"cuDNN's time over Rondo's, {bench['device']['name']}: above 1, Rondo is faster"
    return chart(title, [full_name(result) for result, _ in pairs], series)


def gpu_overview(path, plots, document):
    """The section about a file of scripts/gpu-check or of rondo_bench."""
    bench = load(path)
    parts = [gpu_table(bench)]
    if plots:
        path = plots / "overview_gpu.svg"
        path.write_text(gpu_chart(bench))
        parts.append(f"![cuDNN's time over Rondo's]({link_to(path, document)})")
    return "\n\n".join(parts)


def overviews(paths, plots, document):
    """(marker, text) for each kind of record among the files. The last of several records of a GPU is taken."""
    if plots:
        plots.mkdir(parents=True, exist_ok=True)
    of_cpu = [path for path in paths if is_of_cpu(path)]
    of_gpu = [path for path in paths if path not in of_cpu]
    parts = cpu_overviews(of_cpu, plots, document)
    return parts + ([("overview_gpu", gpu_overview(of_gpu[-1], plots, document))] if of_gpu else [])
