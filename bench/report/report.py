#!/usr/bin/env python3
"""Tables and charts of what rondo_bench and rondo_micro measured.

    report.py record FILE [--doc bench/results/gpu.md] [--plots docs/images]
    report.py results FILE... [--doc bench/results/gpu.md] [--plots docs/images]
    report.py constants FILE [--doc bench/results/gpu.md]
    report.py training FILE [--doc PAGE]
    report.py modules FILE [--plots FOLDER] [--doc PAGE]
    report.py cpu FILE... [--doc bench/results/cpu.md] [--plots docs/images]
    report.py predict [--set quick] [--doc bench/results/predictions.md]
    report.py plans PLANS FILE [--doc bench/results/predictions.md]
    report.py model [FILE] [--header src/cuda/model/hardware_constants.h] [--doc bench/results/predictions.md]
    report.py overview FILE... [--doc docs/performance.md] [--plots docs/images]
    report.py figures FILE... [--doc README.md]
    report.py tuning FILE... [--header src/cuda/persistent/planner/tuning_rows.h]

FILE is what `scripts/gpu-check` wrote. `results` also takes files of `rondo_bench --json`, `constants` files of
`rondo_micro --out`, and `cpu` files of `scripts/bench cpu`. `record` is constants and results together, and `overview`
takes files of a GPU and of the CPU. Without --doc the Markdown is printed; with --doc it replaces the text between markers,
`<!-- results:begin -->` and `<!-- results:end -->` (or `constants`, `cpu`, `training`, `modules`, `prediction`, `plans`, `model`,
`overview_cpu`, `overview_modes`, `overview_gpu`, `figures`). --plots writes SVG charts into a folder.

`training` makes tables of training steps beside cuDNN's, from `scripts/gpu-check --part training` or `rondo_bench --train`.
`modules` makes the table of `rondo.torch` beside `torch.nn`, from bench/python/torch_modules.py.

`overview` makes one table and one chart for each mode of the CPU and for the GPU, and `figures` a sentence for each mode of the CPU.

`plans` compares the predictions for every point, from `rondo_bench --explain h200 --json PLANS`, with cuDNN in FILE.

`model` compares the constants of the planner's model with what rondo_micro measured in FILE, and predictions with the
measurements there; --header writes the measured constants into the model.

`tuning` writes the planner's table of ways that were measured to be faster than the choices of the model, from the
alternatives in all files, oldest first: `report.py tuning bench/results/*.json --header src/cuda/persistent/planner/tuning_rows.h`.
"""

import argparse
import pathlib
import sys

import limit_model
from alternatives import alternatives_markdown
from charts import write_plots
from constants import constants_markdown
from cpu_tables import cpu_markdown
from figures import figures_markdown
from markdown import number, put_into, table
from measurements import FileError, load, load_alternatives, load_micro, load_ways, merge, points_of
from model_fit import fit_markdown
from module_tables import load_modules, modules_markdown
from overview import overviews
from plans import load_plans, plans_markdown
from step_constants import constants_table, measured_constants, read_constants, write_constants
from tables import STEPS_SET, overall_table, point_name, speed_table, steps_table, variant_table
from training_tables import load_training, training_markdown
from tuning import tuning_header

BENCH = pathlib.Path(__file__).resolve().parents[1]
MOST_NAMED = 20  # how many points that were not measured the report names

STEPS_ABOUT = """Microseconds per step of runs that differ only in T, including the product of the inputs and the cost of a start;
then of each further step, from one T to the next. Apart: the largest distance of the values from their middle."""


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


def trouble_text(benches):
    lines = [f"- {r['id']}: {f['executor']} {f['graph']}: {f['message']}" for bench in benches for r in bench["results"]
             for f in r["failures"]]
    unmeasured = list(dict.fromkeys(point for bench in benches for point in bench["unmeasured"]))
    lines += [f"- {point}: not measured, the time was over" for point in unmeasured[:MOST_NAMED]]
    if len(unmeasured) > MOST_NAMED:
        lines.append(f"- and {len(unmeasured) - MOST_NAMED} further points: not measured, the time was over")
    return "\n".join(["Failures and gaps:", ""] + lines) if lines else ""


def results_markdown(bench, plots=(), alternatives=None, plans=None):
    """The whole section. Times are medians of microseconds per step, with the product of the inputs."""
    groups = {}
    for result in bench["results"]:
        if result["runs"] and result["set"] != STEPS_SET:
            groups.setdefault((result["cell"], result["math"]), []).append(result)
    parts = [head_text(bench), "Microseconds per step; the input product is in them."]
    parts += [f"![{cell}, microseconds per step]({path})" for cell, path in plots]
    parts += ["### Overall", overall_table(bench, groups)] if groups else []
    for (cell, math_name), results in sorted(groups.items()):
        parts += [f"### {cell}, {math_name}", speed_table(bench, results)]
    variants, steps = variant_table(bench), steps_table(bench)
    parts += ["### Variants", variants] if variants else []
    parts += ["### Steps", STEPS_ABOUT, steps] if steps else []
    if alternatives:
        parts.append(alternatives_markdown(alternatives, plans or {}))
    parts.append(trouble_text([bench, alternatives] if alternatives else [bench]))
    return "\n\n".join(part for part in parts if part)


def prediction_markdown(points):
    """What the limit's models say of the stepwise executor and of the best kernel."""
    rows = []
    for point in points:
        stepwise, limit = limit_model.stepwise_us_per_step(point), limit_model.limit_us_per_step(point)
        total = stepwise * point["T"]
        rows.append([point["cell"], point["math"], point_name(point), number(stepwise), number(total), number(limit)])
    head = ["cell", "arithmetic", "point", "stepwise, us per step (predicted)", "us per run (predicted)",
            "limit, us per step (predicted)"]
    return table(head, rows)


def results_of(paths, options):
    """(marker, text) of files of rondo_bench or scripts/gpu-check. Alternatives are from the last file that has any."""
    bench = merge([load(path) for path in paths])
    found = [pair for pair in map(load_alternatives, paths) if pair[0]]
    plots = write_plots(bench, options.plots, options.doc) if options.plots else ()
    return "results", results_markdown(bench, plots, *(found[-1] if found else ()))


def constants_of(path):
    return "constants", constants_markdown(load_micro(path))


def tuning_of(paths):
    benches = [(path.name, load_ways(path)) for path in paths]
    return tuning_header([(name, bench) for name, bench in benches if bench])


def model_markdown(record, constants):
    """The model's constants; with the path of a record, also the record's values and the errors of the predictions."""
    if record is None:
        return constants_table(constants)
    micro, ways = load_micro(record), load_ways(record)
    measured = measured_constants(micro) if micro else {}
    head = f"Beside what `{record.name}` has for them." if measured else f"`{record.name}` has none of them."
    return "\n\n".join(part for part in (head, constants_table(constants, measured), fit_markdown(ways) if ways else "") if part)


def model_of(record, header):
    """(marker, text). With a header, first writes the measured constants into the header."""
    if header:
        micro = load_micro(record) if record else None
        if micro is None:
            raise FileError("--header: there is no file of rondo_micro to take the numbers from")
        write_constants(measured_constants(micro), record.name, header)
    return "model", model_markdown(record, read_constants(header) if header else read_constants())


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record")
    record.add_argument("file", type=pathlib.Path)
    results = commands.add_parser("results")
    results.add_argument("files", nargs="+", type=pathlib.Path)
    tuning = commands.add_parser("tuning")
    tuning.add_argument("files", nargs="+", type=pathlib.Path)
    tuning.add_argument("--header", type=pathlib.Path)
    model = commands.add_parser("model")
    model.add_argument("file", nargs="?", type=pathlib.Path)
    model.add_argument("--header", type=pathlib.Path)
    cpu = commands.add_parser("cpu")
    cpu.add_argument("files", nargs="+", type=pathlib.Path)
    overview = commands.add_parser("overview")
    overview.add_argument("files", nargs="+", type=pathlib.Path)
    figures = commands.add_parser("figures")
    figures.add_argument("files", nargs="+", type=pathlib.Path)
    modules = commands.add_parser("modules")
    modules.add_argument("file", type=pathlib.Path)
    for command in (record, results, cpu, overview, modules):
        command.add_argument("--plots", type=pathlib.Path)
    plans = commands.add_parser("plans")
    plans.add_argument("plans", type=pathlib.Path)
    plans.add_argument("file", type=pathlib.Path)
    predict = commands.add_parser("predict")
    predict.add_argument("--set", default="quick")
    constants = commands.add_parser("constants")
    constants.add_argument("file", type=pathlib.Path)
    training = commands.add_parser("training")
    training.add_argument("file", type=pathlib.Path)
    for command in (record, results, plans, predict, constants, model, cpu, overview, figures, training, modules):
        command.add_argument("--doc", type=pathlib.Path)
    return parser.parse_args(arguments)


def write_or_print(text, path):
    if path:
        path.write_text(text)
    else:
        print(text, end="")


def main(arguments):
    options = parse(arguments)
    if options.command == "tuning":
        return write_or_print(tuning_of(options.files), options.header)
    if options.command == "predict":
        parts = [("prediction", prediction_markdown(points_of(BENCH / "points" / f"{options.set}.json")))]
    elif options.command == "plans":
        parts = [("plans", plans_markdown(load_plans(options.plans), load(options.file)))]
    elif options.command == "constants":
        parts = [constants_of(options.file)]
    elif options.command == "training":
        parts = [("training", training_markdown(load_training(options.file)))]
    elif options.command == "modules":
        parts = [("modules", modules_markdown(load_modules(options.file), options.plots, options.doc))]
    elif options.command == "model":
        parts = [model_of(options.file, options.header)]
    elif options.command == "cpu":
        parts = [("cpu", cpu_markdown(options.files, options.plots, options.doc))]
    elif options.command == "figures":
        parts = [("figures", figures_markdown(options.files))]
    elif options.command == "overview":
        parts = overviews(options.files, options.plots, options.doc)
    elif options.command == "results":
        parts = [results_of(options.files, options)]
    else:
        parts = [constants_of(options.file), results_of([options.file], options)]
    for marker, text in parts:
        if options.doc:
            put_into(options.doc, marker, text)
        else:
            print(text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FileError as error:
        sys.exit(f"report.py: {error}")
