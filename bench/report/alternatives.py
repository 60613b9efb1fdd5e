"""What the planner takes of the persistent kernels against the other ways that were measured beside it."""

import re

from markdown import number, table
from measurements import PLANNED, fastest, geometric_mean, runs_of
from tables import full_name, order, ratio, times

NAMES = ("block_", "cluster_", "grid_")
# What rondo_bench --explain says of a plan.
PLAN = re.compile(r"(?:block|cluster|grid) kernel: .* (?:predicted (?P<us>[0-9.e+-]+)|measured [0-9.e+-]+) us a step[^(]* "
                  r"\((?P<way>\w+)\)", re.DOTALL)
NEAR = 1.03  # a choice within so much of the best is as good

ABOUT = """What a plan takes, and the fastest of the other ways to share out the recurrence, measured in the same turns.
The names are of kind, blocks of a team x teams, rows and units of a block, and warps along k. Predicted is without the product of the inputs,
which is in what was measured, but where the kernel multiplies x itself (fused). Place: which of its kind the best one was expected to be."""


def planned(text):
    """From a plan's explanation: the way's name and its predicted microseconds per step, or Nones. Of a way from the tuning
    table nothing is predicted."""
    match = PLAN.search(text)
    if match is None:
        return None, None
    return match["way"], float(match["us"]) if match["us"] else None


def chosen(result):
    """What a plan takes, replayed as the alternatives are."""
    for executor in PLANNED:
        runs = [run for run in runs_of(result, executor) if run["graph"] != "eager"]
        if runs:
            return fastest(runs)
    return None


def best_alternative(result):
    return fastest([run for run in result["runs"] if run["executor"].startswith(NAMES)])


def expected_place(result, run):
    """Which of its kind the planner expected it to be: they were measured in that order."""
    kind = run["executor"].split("_")[0] + "_"
    return 1 + [other is run for other in result["runs"] if other["executor"].startswith(kind)].index(True)


def row_of(result, plan):
    """The table's row, and how many times the best alternative's time the planner's choice takes."""
    run, best = chosen(result), best_alternative(result)
    way, predicted = planned(plan) if run["executor"] == PLANNED[0] else (None, None)
    loss = ratio(run, best)
    row = [full_name(result), f"`{way or run['executor']}`", number(run["us_per_step"]), number(predicted)]
    row += [f"`{best['executor']}`", number(best["us_per_step"]), str(expected_place(result, best)), times(loss)]
    return row, loss


def alternatives_markdown(bench, plans):
    """`plans` has for each point what would run it, in the words of `rondo_bench --explain`."""
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
