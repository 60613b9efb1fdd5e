"""Compares the planner's predictions with measurements, for each kind of kernel."""

import math

from alternatives import NAMES
from markdown import number, table
from measurements import geometric_mean
from tables import full_name
from tuning import STEPWISE, competitors

ABOUT = """Predicted over measured time of every measured way and of `cuda_stepwise`; above 1 the model is too slow. Both times
include the product of the inputs. Spread: two thirds of the ratios are within this factor of the mean."""


def kind_of(run):
    return "stepwise" if run["executor"] == STEPWISE else run["executor"].split("_")[0]


def ratios(bench):
    """[(kind, arithmetic, predicted over measured, name)] of all runs with a prediction."""
    found = []
    for result in bench["results"]:
        if not any(run["executor"].startswith(NAMES) for run in result["runs"]):
            continue
        for run in competitors(result):
            if "predicted_us_per_run" in run:
                predicted = run["predicted_us_per_run"]
                name = f"{full_name(result)}: `{run['executor']}`"
                found.append((kind_of(run), result["math"], predicted / run["us_per_run"]["median"], name))
    return found


def spread(values):
    """The geometric standard deviation of the values."""
    mean = math.log(geometric_mean(values))
    return math.exp(math.sqrt(sum((math.log(value) - mean) ** 2 for value in values) / len(values)))


def fit_row(kind, math_name, some):
    values = [value for _, _, value, _ in some]
    least, most = min(some, key=lambda row: row[2]), max(some, key=lambda row: row[2])
    return [kind, math_name, str(len(values)), number(geometric_mean(values)), number(spread(values)),
            f"{number(least[2])}, {least[3]}", f"{number(most[2])}, {most[3]}"]


def fit_markdown(bench):
    """The section; empty where no run has a prediction."""
    found = ratios(bench)
    rows = []
    for kind in dict.fromkeys(kind for kind, *_ in found):
        of_kind = [row for row in found if row[0] == kind]
        maths = sorted({math_name for _, math_name, *_ in of_kind})
        rows += [fit_row(kind, math_name, [row for row in of_kind if row[1] == math_name]) for math_name in maths]
        if len(maths) > 1:
            rows.append(fit_row(kind, "every", of_kind))
    head = ["kind", "arithmetic", "ways", "predicted / measured", "spread", "least", "most"]
    return ABOUT + "\n\n" + table(head, rows) if rows else ""
