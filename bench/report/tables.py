"""Tables of what rondo_bench measured: points against cuDNN and the limit, a summary, the cost of variants, and the cost of
a step over T."""

import limit_model
from markdown import number, table
from measurements import PLANNED, best_cudnn, fastest, geometric_mean, is_cudnn, planned_rondo, runs_of

STANDARD = "cudnn_standard"
STEPS_SET = "steps"  # cuDNN does not run its points, so they have a separate table


def point_name(point):
    name = f"H {point['H']}, B {point['B']}, T {point['T']}"
    if point["I"] != point["H"]:
        name += f", I {point['I']}"
    return name if point["variant"] == "plain" else f"{name}, {point['variant'].replace('_', ' ')}"


def full_name(point):
    return f"{point['cell']}, {point['math']}, {point_name(point)}"


def order(result):
    return (result["H"], result["B"], result["T"], result["I"], result["variant"] != "plain", result["variant"])


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def percent(value):
    return "-" if value is None else f"{100 * value:.0f} %"


def limit_of(bench, result):
    """The limit of a result's point; None on a device without a limit model."""
    return limit_model.limit_us_per_step(result) if "H200" in bench["device"]["name"] else None


def ratio(numerator, denominator):
    return numerator["us_per_run"]["median"] / denominator["us_per_run"]["median"] if numerator and denominator else None


def replayed(result, executor):
    return fastest([run for run in runs_of(result, executor) if run["graph"] == "replayed"])


def against_cudnn(result, run):
    """Time of cuDNN's best, and of its standard algorithm, replayed, over the time of a run."""
    return {"best": ratio(best_cudnn(result), run), "standard": ratio(replayed(result, STANDARD), run)}


def comparison(bench, result):
    """The plan's executor against cuDNN, and the share of the limit that it reaches."""
    rondo, limit = planned_rondo(result), limit_of(bench, result)
    return {**against_cudnn(result, rondo), "fraction": limit / rondo["us_per_step"] if limit and rondo else None}


def mean_of(values, key):
    return geometric_mean(value[key] for value in values if value[key] is not None)


def own_executors(results):
    """The executors that a plan takes; where none of them ran, all except cuDNN's, in order of appearance."""
    ran = dict.fromkeys(run["executor"] for result in results for run in result["runs"] if not is_cudnn(run["executor"]))
    return [executor for executor in PLANNED if executor in ran] or list(ran)


def rondo_columns(results):
    """Columns (executor, graph): the first executor eager and replayed, further executors of a plan replayed."""
    executors = own_executors(results)
    ran = {(run["executor"], run["graph"].removeprefix("not ")) for result in results for run in result["runs"]}
    wanted = [(executor, graph) for executor in executors for graph in ("eager", "replayed")]
    beside = [(executor, "eager") for executor in executors[1:] if executor in PLANNED]
    return [column for column in wanted if column in ran and column not in beside]


def speed_cell(result, executor, graph):
    run = next((run for run in runs_of(result, executor) if run["graph"].removeprefix("not ") == graph), None)
    if run is None:
        return "-"
    return number(run["us_per_step"]) + (" (not replayed)" if run["graph"] == "not replayed" else "")


def speed_row(bench, result, columns):
    cudnn, rondo, values = best_cudnn(result), planned_rondo(result), comparison(bench, result)
    row = [point_name(result)]
    row.append(f"{number(cudnn['us_per_step'])} ({cudnn['executor'][6:]}, {cudnn['graph']})" if cudnn else "-")
    row += [speed_cell(result, executor, graph) for executor, graph in columns]
    spread = None
    if rondo:
        spread = (rondo["us_per_run"]["p90"] - rondo["us_per_run"]["p10"]) / rondo["us_per_run"]["median"]
    row += [times(values["best"]), times(values["standard"]), number(limit_of(bench, result)), percent(values["fraction"])]
    return row + [percent(spread)], values


def speed_table(bench, results):
    """A table with one row for each point, and the geometric means below."""
    columns = rondo_columns(results)
    head = ["point", "cuDNN, best"] + [f"`{executor}`, {graph}" for executor, graph in columns]
    head += ["against best", "against standard, replayed", "limit (predicted)", "of the limit", "spread"]
    pairs = [speed_row(bench, result, columns) for result in sorted(results, key=order)]
    values = [value for _, value in pairs]
    last = ["geometric mean", ""] + [""] * len(columns) + [times(mean_of(values, "best")), times(mean_of(values, "standard"))]
    return table(head, [row for row, _ in pairs] + [last + ["", percent(mean_of(values, "fraction")), ""]])


def overall_row(bench, cell, math_name, results):
    values = [comparison(bench, result) for result in results]
    compared = [(value["best"], result) for value, result in zip(values, results) if value["best"] is not None]
    least, at = min(compared, key=lambda pair: pair[0], default=(None, None))
    where = "-" if at is None else point_name(at) if "every" not in (cell, math_name) else full_name(at)
    return [cell, math_name, str(len(results)), str(len(compared)), times(mean_of(values, "best")), times(least), where,
            times(mean_of(values, "standard")), percent(mean_of(values, "fraction"))]


def overall_table(bench, groups):
    """A row for each cell and arithmetic, for each arithmetic that several cells have, and for everything."""
    rows = [overall_row(bench, *group, results) for group, results in sorted(groups.items())]
    for math_name in sorted({math_name for _, math_name in groups}):
        of_math = [results for (_, name), results in sorted(groups.items()) if name == math_name]
        if len(of_math) > 1:
            rows.append(overall_row(bench, "every", math_name, sum(of_math, [])))
    if len(groups) > 1:
        rows.append(overall_row(bench, "every", "every", sum((results for _, results in sorted(groups.items())), [])))
    head = ["cell", "arithmetic", "points", "cuDNN runs", "against best, geometric mean", "least", "at",
            "against standard, geometric mean", "of the limit"]
    return table(head, rows)


def variant_cost(result, plain, takes_part):
    """The cost of a variant on one side of the comparison; `takes_part` tells whether an executor is on that side."""
    runs, plain_runs = ([run for run in of["runs"] if takes_part(run["executor"])] for of in (result, plain))
    if runs and plain_runs:
        return f"{100 * (ratio(fastest(runs), fastest(plain_runs)) - 1):+.1f} %"
    if any(takes_part(failure["executor"]) for failure in result["failures"]):
        return "failed"
    return "declines" if not runs and plain_runs else "-"


def variant_table(bench):
    """The cost of each variant against the plain point of equal size, for each executor that a plan takes and the best of
    cuDNN."""
    by_id = {result["id"]: result for result in bench["results"]}
    executors = own_executors(bench["results"])
    rows = []
    for result in sorted(bench["results"], key=lambda r: (r["cell"], r["math"], *order(r)[:4])):
        plain = by_id.get(result["id"].rsplit("/", 1)[0] + "/plain")
        if result["variant"] == "plain" or plain is None:
            continue
        sides = [(lambda name, own=executor: name == own) for executor in executors] + [is_cudnn]
        rows.append([full_name(result)] + [variant_cost(result, plain, side) for side in sides])
    head = ["variant"] + [f"`{executor}`, against plain" for executor in executors] + ["cuDNN, against plain"]
    return table(head, rows) if rows else ""


def plus_minus(values):
    """The largest distance of the values from their middle."""
    return "-" if len(values) < 2 else f"± {100 * (max(values) - min(values)) / (max(values) + min(values)):.1f} %"


def steps_rows(results, executor, lengths):
    """A line for runs that differ only in T: time per step, and time of each step beyond the next shorter run."""
    us_per_run = {result["T"]: fastest(runs_of(result, executor))["us_per_run"]["median"] for result in results}
    per_step = {T: us / T for T, us in us_per_run.items()}
    further = {}
    for shorter, longer in zip(lengths, lengths[1:]):
        if shorter in us_per_run and longer in us_per_run:
            further[longer] = (us_per_run[longer] - us_per_run[shorter]) / (longer - shorter)
    first = results[0]
    row = [f"{first['cell']}, {first['math']}, H {first['H']}, B {first['B']}", f"`{executor}`"]
    row += [number(per_step.get(T)) for T in lengths] + [plus_minus(list(per_step.values()))]
    return row + [number(further.get(T)) for T in lengths[1:]] + [plus_minus(list(further.values()))]


def steps_table(bench):
    """The table of the set "steps": the time of a step over T."""
    results = sorted((r for r in bench["results"] if r["set"] == STEPS_SET and r["runs"]), key=lambda r: r["T"])
    lengths = sorted({result["T"] for result in results})
    alike = {}
    for result in results:
        for executor in own_executors([result]):
            key = (result["cell"], result["math"], result["H"], result["B"], executor)
            alike.setdefault(key, []).append(result)
    head = ["point", "executor"] + [f"T {T}" for T in lengths] + ["apart"]
    head += [f"{shorter} to {longer}" for shorter, longer in zip(lengths, lengths[1:])] + ["apart"]
    return table(head, [steps_rows(runs, key[-1], lengths) for key, runs in sorted(alike.items())]) if results else ""
