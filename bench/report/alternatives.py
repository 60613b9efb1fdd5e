"""Compares the planner's choice of a persistent kernel with the other ways that were measured beside it."""

import re

from markdown import number, table
from measurements import PLANNED, fastest, geometric_mean, runs_of
from tables import full_name, order, ratio, times

NAMES = ("block_", "cluster_", "grid_")
# The text of rondo_bench --explain about a plan.
PLAN = re.compile(r"(?:block|cluster|grid) kernel: .* (?:predicted (?P<us>[0-9.e+-]+)|measured [0-9.e+-]+) us a step[^(]* "
                  r"\((?P<way>\w+)\)", re.DOTALL)
NEAR = 1.03  # a choice within this factor of the best counts as good

ABOUT = """The plan's choice, and the fastest of the other ways to share out the recurrence, measured in the same rounds.
A name has the kind, blocks of a team x teams, rows and units of a block, and warps along k. Measured times include the product of the inputs;
predictions include it only where the kernel multiplies x itself (fused). Place: the rank within its kind that the planner predicted for the best way."""


def planned(text):
    """From a plan's explanation: the way's name and its predicted microseconds per step, or Nones. A way from the tuning
    table has no prediction."""
    match = PLAN.search(text)
    if match is None:
        return None, None
    return match["way"], float(match["us"]) if match["us"] else None


def chosen(result):
    """The run of the plan's choice, replayed as the alternatives are."""
    for executor in PLANNED:
        runs = [run for run in runs_of(result, executor) if run["graph"] != "eager"]
        if runs:
            return fastest(runs)
    return None


def best_alternative(result):
    return fastest([run for run in result["runs"] if run["executor"].startswith(NAMES)])


def expected_place(result, run):
    """The rank within its kind that the planner predicted: alternatives were measured in that order."""
    kind = run["executor"].split("_")[0] + "_"
    return 1 + [other is run for other in result["runs"] if other["executor"].startswith(kind)].index(True)


def row_of(result, plan):
    """The table's row, and the ratio of the choice's time to the best alternative's time."""
    run, best = chosen(result), best_alternative(result)
    way, predicted = planned(plan) if run["executor"] == PLANNED[0] else (None, None)
    loss = ratio(run, best)
    row = [full_name(result), f"`{way or run['executor']}`", number(run["us_per_step"]), number(predicted)]
    row += [f"`{best['executor']}`", number(best["us_per_step"]), str(expected_place(result, best)), times(loss)]
    return row, loss


def alternatives_markdown(bench, plans):
    """`plans` has for each point the text of `rondo_bench --explain`."""
    both = [result for result in bench["results"] if chosen(result) and best_alternative(result)]
    if not both:
        return ""
    both.sort(key=lambda result: (result["cell"], result["math"], *order(result)))
    pairs = [row_of(result, plans.get(result["id"], "")) for result in both]
    head = ["point", "a plan takes", "us per step", "predicted", "best alternative", "us per step", "place", "of its time"]
    losses = [loss for _, loss in pairs]
    near = sum(loss <= NEAR for loss in losses)
    text = f"At {near} of {len(pairs)} points what a plan takes is within {100 * (NEAR - 1):.0f} % of the best; in the geometric"
    text += f" mean it takes {times(geometric_mean(losses))} its time, at most {times(max(losses))}."
    return "\n\n".join(["### Alternatives", ABOUT, text, table(head, [row for row, _ in pairs])])
