"""Predictions for a device before any measurement, from `rondo_bench --explain GPU --json FILE`, beside the limit and
beside cuDNN's times in a record of that device."""

import json

import limit_model
from markdown import number, table
from measurements import FileError, best_cudnn, geometric_mean
from tables import full_name, mean_of, percent, times

FORMAT = "rondo_plans 1"

ABOUT = """Microseconds per step, including the input product and the start of a run, spread over its steps. All are predictions except
cuDNN's, the best result in the record. Rows are of one team, units of one block; weights are KiB of a block in registers + in
shared memory + read in every step."""


def load_plans(path):
    data = json.loads(path.read_text())
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise FileError(f"{path}: it is no file of rondo_bench --explain GPU --json")
    return data


def way_cells(way):
    """Cells of the way: kind, teams x blocks, rows x units, weights."""
    if way is None:
        return ["stepwise", "", "", ""]
    weights = " + ".join(f"{way[f'{place}_weight_bytes'] // 1024}" for place in ("register", "shared", "streamed"))
    units = 8 * way["octets"] * way["unit_warps"]
    kind = way["kind"] + (", multiplies x" if way["input_tiles"] > 0 else "")
    return [kind, f"{way['teams']} x {way['blocks']}", f"{way['rows']} x {units}", weights]


def plan_row(plan, result):
    """The table's row, and its ratios to cuDNN's best and to the limit."""
    predicted, limit = plan["predicted_us_per_run"] / plan["T"], limit_model.limit_us_per_step(plan)
    cudnn = best_cudnn(result) if result else None
    values = {"best": cudnn["us_per_step"] / predicted if cudnn else None, "fraction": limit / predicted}
    row = [full_name(plan), *way_cells(plan.get("way")), number(predicted), number(limit), percent(values["fraction"])]
    row += [number(cudnn["us_per_step"]) if cudnn else "-", times(values["best"])]
    return row, values


def means(rows_of):
    """A table with a line for each arithmetic, and one for all."""
    rows = []
    for name, values in rows_of:
        ratios = [value["best"] for value in values if value["best"] is not None]
        fractions = percent(geometric_mean(value["fraction"] for value in values))
        rows.append([name, str(len(values)), str(len(ratios)), times(mean_of(values, "best")), times(min(ratios, default=None)),
                     fractions])
    return table(["arithmetic", "points", "cuDNN ran", "against its best, geometric mean", "least", "of the limit"], rows)


def plans_markdown(plans, bench):
    """The section. `bench` is the record; its device must be of the same kind."""
    if "H200" not in plans["device"]["name"] or "H200" not in bench["device"]["name"]:
        raise FileError(f"plans for {plans['device']['name']}, a record of {bench['device']['name']}: the limit is of an H200")
    results = {result["id"]: result for result in bench["results"]}
    pairs = [(plan, *plan_row(plan, results.get(plan["id"]))) for plan in plans["plans"] if "predicted_us_per_run" in plan]
    maths = dict.fromkeys(plan["math"] for plan, _, _ in pairs)
    groups = [(name, [values for plan, _, values in pairs if plan["math"] == name]) for name in maths]
    groups.append(("every", [values for _, _, values in pairs]))
    head = ["point", "kind", "teams x blocks", "rows x units", "weights", "predicted", "limit", "of the limit", "cuDNN", "against it"]
    return "\n\n".join([ABOUT, table(head, [row for _, row, _ in pairs]), means(groups)])
