"""Tables of the contest's modes of low precision: what each is worth beside its peers and beside Rondo's strict f32."""

from cpu_limits import has_limits, ratio_at_limit
from markdown import table
from measurements import geometric_mean

STRICT = " f32"  # what follows Rondo's name in the name of its strict run, as in bench/cpu/modes.py
MANY_ROWS = 16
ABOUT = {"bf16x3": "f32 tensors, whose products are those of pairs of bf16, beside the best of other libraries in f32. Where the plan "
                   "takes strict f32, as on a processor without tiles, the ratio is that of strict f32.",
         "bf16": "x, weights and y of bf16, in every library.",
         "int8": "Weights of 8 bits with a scale for each column. Rondo and, of the others, ONNX Runtime and PyTorch take x and h in f32, "
                 "and find their scales at run time. oneDNN is handed x in 8 bits and gives y in 8 bits; it has no such GRU, and "
                 "takes part with that of bf16."}


def groups_of(record):
    """{label: points}: all, those of many rows, and those of each cell and B."""
    points = record["results"]
    groups = {"all": points, f"B from {MANY_ROWS} on": [point for point in points if point["B"] >= MANY_ROWS]}
    for cell in ("lstm", "gru"):
        for rows in sorted({point["B"] for point in points}):
            groups[f"{cell}, B {rows}"] = [point for point in points if point["cell"] == cell and point["B"] == rows]
    return {label: group for label, group in groups.items() if group}


def against_best(point, name=None):
    """The best peer's time over Rondo's, or over that of another run of Rondo."""
    best = point["ratios"][point["best"]]["median"]
    return best / point["ratios"][name]["median"] if name else best


def against_strict(record, points):
    """The time of strict f32 over that of the mode, of the points where the plan took the mode."""
    rondo = record["peers"][0]
    return [point["ratios"][rondo + STRICT]["median"] for point in points
            if rondo + STRICT in point["ratios"] and rondo not in point["strict"]]


def largest_error(record, points):
    return max(point["errors"][record["peers"][0]] for point in points)


def mean_and_least(ratios):
    return [f"{geometric_mean(ratios):.2f}", f"{min(ratios):.2f}"] if ratios else ["-", "-"]


def others_beside(record):
    return [name for name in record.get("beside", ()) if name != record["peers"][0] + STRICT]


def summary(record):
    """Lines of Markdown. Means are geometric."""
    others, limits = others_beside(record), has_limits(record)
    heads = ["points", "number", "best peer / Rondo, mean", "least", *[f"best peer / {name}, mean" for name in others],
             *["at the limit"] * limits, "strict f32 / Rondo, mean", "least", "strict f32 was taken", "largest error"]
    rows = []
    for label, points in groups_of(record).items():
        strict = sum(record["peers"][0] in point.get("strict", ()) for point in points)
        rows.append([label, str(len(points)), *mean_and_least([against_best(point) for point in points]),
                     *[mean_and_least([against_best(point, name) for point in points])[0] for name in others],
                     *([f"{geometric_mean([ratio_at_limit(record, point) for point in points]):.2f}"] if limits else []),
                     *mean_and_least(against_strict(record, points)), str(strict), f"{largest_error(record, points):.1e}"])
    return ["Times of others over Rondo's:", "", table(heads, rows)]


def remarks(record):
    """Lines about the points at which a library did not run, one for each library and reason."""
    reasons = {}
    for point in record["results"]:
        for name, reason in point.get("left_out", {}).items():
            reasons.setdefault((name, reason), []).append(point["name"])
    return [f"{name} {reason}: {', '.join(points)}." for (name, reason), points in reasons.items()]
