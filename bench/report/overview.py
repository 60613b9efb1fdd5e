"""The two tables and the two charts of docs/performance.md: Rondo against its peers on the CPU, and against cuDNN."""

import cpu_tables
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


def cpu_chart(records):
    shown = [{point["name"]: point["ratios"][point["best"]]["median"] for point in record["results"]
              if point["T"] > 1 and point["I"] == point["H"] and point["B"] in CHART_ROWS} for record in records]
    labels = list(dict.fromkeys(name for ratios in shown for name in ratios))
    series = {threads_of(record): [ratios.get(name) for name in labels] for record, ratios in zip(records, shown)}
    return chart("The best peer's time over Rondo's: above 1, Rondo is faster", labels, series)


def cpu_overview(paths, plots, document):
    """The section about files of scripts/bench cpu, one file for each number of threads."""
    records = sorted((cpu_tables.load(path) for path in paths), key=lambda record: record["threads"])
    parts = [cpu_table(records)]
    if plots:
        path = plots / "overview_cpu.svg"
        path.write_text(cpu_chart(records))
        parts.append(f"![The best peer's time over Rondo's]({link_to(path, document)})")
    return "\n\n".join(parts)


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
    parts = [("overview_cpu", cpu_overview(of_cpu, plots, document))] if of_cpu else []
    return parts + ([("overview_gpu", gpu_overview(of_gpu[-1], plots, document))] if of_gpu else [])
