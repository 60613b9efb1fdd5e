#!/usr/bin/env python3
"""Tables and charts of what rondo_bench and rondo_micro measured.

    report.py results FILE... [--doc docs/performance.md] [--plots docs/images]
    report.py predict [--set quick] [--doc docs/performance.md]
    report.py constants FILE [--doc docs/performance.md]

FILE is what `rondo_bench --json`, for constants `rondo_micro --out`, or `scripts/gpu-check` wrote. Without --doc the Markdown goes to the output; with it, it
replaces what stands between the document's markers, `<!-- results:begin -->` and `<!-- results:end -->` (or
`prediction`, `constants`). --plots writes one SVG chart for each cell.
"""

import argparse
import pathlib
import sys

import limit_model
from constants import constants_markdown
from markdown import number, table
from measurements import (FileError, best_cudnn, best_rondo, fastest, geometric_mean, is_cudnn, load, load_micro, merge,
                          points_of)
from plot import chart

FOLDER = pathlib.Path(__file__).resolve().parent
STANDARD = "cudnn_standard"


def point_name(point):
    name = f"H {point['H']}, B {point['B']}, T {point['T']}"
    if point["I"] != point["H"]:
        name += f", I {point['I']}"
    return name if point["variant"] == "plain" else f"{name}, {point['variant'].replace('_', ' ')}"


def order(result):
    return (result["H"], result["B"], result["T"], result["I"], result["variant"] != "plain", result["variant"])


def limit_of(bench, result):
    """None on a device that the model is not of."""
    return limit_model.limit_us_per_step(result) if "H200" in bench["device"]["name"] else None


def ratio(numerator, denominator):
    return numerator["us_per_run"]["median"] / denominator["us_per_run"]["median"] if numerator and denominator else None


def standard_replayed(result):
    return fastest([r for r in result["runs"] if r["executor"] == STANDARD and r["graph"] == "replayed"])


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def percent(value):
    return "-" if value is None else f"{100 * value:.0f} %"


def head_text(bench):
    device, versions = bench["device"], bench["versions"]
    known = ", ".join(f"{name.replace('_', ' ')} {versions[name]}" for name in sorted(versions))
    lines = [f"{device['name']}, {bench['date'][:10]}, commit {bench['commit']}; {known}; host {bench['host']['processor']}."]
    if "ceilings" in bench:
        ceilings = bench["ceilings"]
        text = f"This device copies {ceilings['copy_gigabytes_per_second']:.0f} GB/s"
        if "matmul_bf16_teraflops" in ceilings:
            text += f" and multiplies bf16 matrices at {ceilings['matmul_bf16_teraflops']:.0f} TFLOP/s"
        lines.append(text + ".")
    return " ".join(lines)


def rondo_columns(results):
    """(executor, graph) of all runs that are not cuDNN's, in order of appearance."""
    runs = [run for result in results for run in result["runs"] if not is_cudnn(run["executor"])]
    return list(dict.fromkeys((run["executor"], run["graph"]) for run in runs))


def speed_row(bench, result, columns):
    cudnn, rondo = best_cudnn(result), best_rondo(result)
    row = [point_name(result)]
    row.append(f"{number(cudnn['us_per_step'])} ({cudnn['executor'][6:]}, {cudnn['graph']})" if cudnn else "-")
    for column in columns:
        row.append(number(next((r["us_per_step"] for r in result["runs"] if (r["executor"], r["graph"]) == column), None)))
    limit = limit_of(bench, result)
    fraction = limit / rondo["us_per_step"] if limit and rondo else None
    spread = None
    if rondo:
        spread = (rondo["us_per_run"]["p90"] - rondo["us_per_run"]["p10"]) / rondo["us_per_run"]["median"]
    values = {"best": ratio(cudnn, rondo), "standard": ratio(standard_replayed(result), rondo), "fraction": fraction}
    row += [times(values["best"]), times(values["standard"]), number(limit), percent(fraction), percent(spread)]
    return row, values


def speed_table(bench, results):
    """One row for each point, and the geometric means below."""
    columns = rondo_columns(results)
    head = ["point", "cuDNN, best"] + [f"`{executor}`, {graph}" for executor, graph in columns]
    head += ["against best", "against standard, replayed", "limit (predicted)", "of the limit", "spread"]
    pairs = [speed_row(bench, result, columns) for result in sorted(results, key=order)]
    mean = {key: geometric_mean(v[key] for _, v in pairs if v[key] is not None) for key in ("best", "standard", "fraction")}
    last = ["geometric mean", ""] + [""] * len(columns)
    last += [times(mean["best"]), times(mean["standard"]), "", percent(mean["fraction"]), ""]
    return table(head, [row for row, _ in pairs] + [last])


def variant_table(bench):
    """What each variant costs beside the plain point of the same size, for the best of Rondo and the best of cuDNN."""
    by_id = {result["id"]: result for result in bench["results"]}
    rows = []
    for result in bench["results"]:
        plain = by_id.get(result["id"].rsplit("/", 1)[0] + "/plain")
        if result["variant"] == "plain" or plain is None:
            continue
        row = [f"{result['cell']}, {result['math']}, {point_name(result)}"]
        for best in (best_rondo, best_cudnn):
            factor = ratio(best(result), best(plain))
            row.append("declines" if factor is None else f"{100 * (factor - 1):+.1f} %")
        rows.append(row)
    return table(["variant", "Rondo, against plain", "cuDNN, against plain"], rows) if rows else ""


def trouble_text(bench):
    lines = [f"- {r['id']}: {f['executor']} {f['graph']}: {f['message']}" for r in bench["results"] for f in r["failures"]]
    lines += [f"- {point}: not measured, the time was over" for point in bench["unmeasured"]]
    return "\n".join(["Failures and gaps:", ""] + lines) if lines else ""


def results_markdown(bench, plots=()):
    """All of it; times are microseconds for one step, medians, with the product of the inputs."""
    groups = {}
    for result in bench["results"]:
        if result["runs"]:
            groups.setdefault((result["cell"], result["math"]), []).append(result)
    parts = [head_text(bench), "Microseconds per step; the input product is in them."]
    parts += [f"![{cell}, microseconds per step]({path})" for cell, path in plots]
    for (cell, math_name), results in sorted(groups.items()):
        parts += [f"### {cell}, {math_name}", speed_table(bench, results)]
    variants = variant_table(bench)
    parts += ["### Variants", variants] if variants else []
    return "\n\n".join(part for part in parts + [trouble_text(bench)] if part)


def prediction_markdown(points):
    """What the model says of the stepwise executor, written before anybody measured."""
    rows = []
    for point in points:
        stepwise, limit = limit_model.stepwise_us_per_step(point), limit_model.limit_us_per_step(point)
        total = stepwise * point["T"]
        rows.append([point["cell"], point["math"], point_name(point), number(stepwise), number(total), number(limit)])
    head = ["cell", "arithmetic", "point", "stepwise, us per step (predicted)", "us per run (predicted)",
            "limit, us per step (predicted)"]
    return table(head, rows)


def put_into(document, marker, text):
    """Replaces what stands between the markers."""
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    content = document.read_text()
    if content.count(begin) != 1 or content.count(end) != 1 or content.index(begin) > content.index(end):
        raise FileError(f"{document}: expected {begin} and {end}, once each")
    before, rest = content.split(begin)
    document.write_text(before + begin + "\n" + text + "\n" + end + rest.split(end)[1])


def write_plots(bench, folder, document):
    """One chart per cell; returns (cell, path as the document names it)."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for cell in sorted({result["cell"] for result in bench["results"] if result["runs"]}):
        results = sorted((r for r in bench["results"] if r["cell"] == cell and r["runs"]), key=lambda r: (r["math"], order(r)))
        labels = [f"{result['math']}  {point_name(result)}" for result in results]
        series = {"cuDNN, best": [best_cudnn(r) for r in results], "Rondo, best": [best_rondo(r) for r in results]}
        series = {name: [run and run["us_per_step"] for run in runs] for name, runs in series.items()}
        series["limit (predicted)"] = [limit_of(bench, result) for result in results]
        path = folder / f"performance_{cell}.svg"
        path.write_text(chart(f"{cell}: microseconds per step, {bench['device']['name']}", labels, series))
        home = document.resolve().parent if document else pathlib.Path.cwd()
        inside = path.resolve().is_relative_to(home)
        written.append((cell, str(path.resolve().relative_to(home) if inside else path)))
    return written


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    results = commands.add_parser("results")
    results.add_argument("files", nargs="+", type=pathlib.Path)
    results.add_argument("--plots", type=pathlib.Path)
    predict = commands.add_parser("predict")
    predict.add_argument("--set", default="quick")
    constants = commands.add_parser("constants")
    constants.add_argument("file", type=pathlib.Path)
    for command in (results, predict, constants):
        command.add_argument("--doc", type=pathlib.Path)
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    if options.command == "predict":
        marker, text = "prediction", prediction_markdown(points_of(FOLDER / "points" / f"{options.set}.json"))
    elif options.command == "constants":
        marker, text = "constants", constants_markdown(load_micro(options.file))
    else:
        bench = merge([load(path) for path in options.files])
        plots = write_plots(bench, options.plots, options.doc) if options.plots else ()
        marker, text = "results", results_markdown(bench, plots)
    if options.doc:
        put_into(options.doc, marker, text)
    else:
        print(text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FileError as error:
        sys.exit(f"report.py: {error}")
