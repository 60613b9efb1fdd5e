"""Writes the planner's table of measured ways (src/cuda/persistent/planner/tuning_rows.h) from records in which persistent
kernels were measured beside each other. The table has a row for each point at which another way, or cuda_stepwise, was faster
than the choice of the model."""

from alternatives import NAMES
from measurements import FileError, fastest, runs_of
from step_constants import constant_values

LEAST_GAIN = 0.03
INPUT_GAIN = constant_values()["input_gain"]  # as weighed_ns of persistent_choice.cpp
STEPWISE = "cuda_stepwise"
FUSED = "fused"  # a part of the name of a way whose kernel multiplies x itself
# Names in the order of the enumerators, which is the order of the table.
CELLS = ("simple_rnn", "lstm", "gru")
DTYPES = ("f64", "f32", "f16", "bf16")
MATRIX_MATHS = ("strict", "tf32", "tf32x3")
# DType and MatrixMath of each of the benchmark's arithmetics.
MATHS = {"f32": ("f32", "strict"), "tf32": ("f32", "tf32"), "tf32x3": ("f32", "tf32x3"),
         "f16": ("f16", "strict"), "bf16": ("bf16", "strict")}
MOST_ROWS_OF_A_TEAM = [2**k for k in range(14)]  # all sizes that the planner tries, and more

HEADER = """/// Written by bench/report/report.py tuning; not by hand. Above each row stands its point, and what was measured of the
/// candidate that the model takes.
#pragma once

#include <array>

#include "cuda/persistent/planner/tuning_table.h"

namespace rondo {

// clang-format off
inline constexpr std::array<TuningRow, ROWS> kTuningRows{};
// clang-format on

static_assert(is_tuning_table(kTuningRows));

}  // namespace rondo
"""


def spread(run):
    times = run["us_per_run"]
    return (times["p90"] - times["p10"]) / times["median"]


def competitors(result):
    """The runs of the measured ways, in the planner's order, and of cuda_stepwise."""
    return [run for run in result["runs"] if run["graph"] != "eager" and run["executor"].startswith((*NAMES, STEPWISE))]


def modelled_choice(result):
    """The planner's choice without a table: the way of the least predicted time, where kernels that multiply x themselves
    must be faster by LEAST_INPUT_GAIN, or cuda_stepwise if its predicted time is less."""
    runs = competitors(result)
    for run in runs:
        if "predicted_us_per_run" not in run:
            raise FileError(f"{result['id']}: {run['executor']} was measured without its prediction")
    ways = [run for run in runs if run["executor"] != STEPWISE]
    taken = min(ways, key=weighed_us, default=None)
    stepwise = [run for run in runs if run["executor"] == STEPWISE]
    return min(([taken] if taken else []) + stepwise, key=lambda run: run["predicted_us_per_run"])


def multiplies_inputs(run):
    return FUSED in run["executor"].split("_")


def weighed_us(run):
    return run["predicted_us_per_run"] * (INPUT_GAIN if multiplies_inputs(run) else 1.0)


def winner(result):
    """(the fastest run, the model's choice), or None where the choice is as good."""
    best, choice = fastest(competitors(result)), modelled_choice(result)
    gain = choice["us_per_run"]["median"] / best["us_per_run"]["median"] - 1
    return (best, choice) if gain > max(LEAST_GAIN, spread(best), spread(choice)) else None


def key_of(bench, result):
    """The fields of tuning_key in the order of the table; names are replaced by their enumerators' numbers."""
    cell = next((cell for cell in CELLS if result["cell"].startswith(cell)), None)
    if cell is None or result["math"] not in MATHS:
        raise FileError(f"{result['id']}: the table has no such cell or arithmetic")
    dtype, math_name = MATHS[result["math"]]
    device = bench["device"]
    return (device["name"], device["processors"], CELLS.index(cell), not result["cell"].startswith("gru_reset_before"),
            DTYPES.index(dtype), MATRIX_MATHS.index(math_name), result["H"])


def measured_points(benches):
    """{key: {(B, T): (result, name of its record)}} of plain points with several ways. The last record of a point
    counts, and the least I, because the recurrence has the largest share of its time. `benches`: (name, bench)."""
    latest = {}
    for name, bench in benches:
        for result in bench["results"]:
            if result["variant"] == "plain" and any(run["executor"].startswith(NAMES) for run in result["runs"]):
                latest[key_of(bench, result), result["B"], result["T"], result["I"]] = (result, name)
    points = {}
    for (key, B, T, _), found in sorted(latest.items(), key=lambda item: item[0], reverse=True):
        points.setdefault(key, {})[B, T] = found  # the least I is last
    return points


def ceil_div(count, size):
    return -(-count // size)


def shared_alike(way, B):
    """Whether the planner has this way for B rows."""
    has_teams = any(ceil_div(B, rows) == way["teams"] for rows in MOST_ROWS_OF_A_TEAM)
    return has_teams and ceil_div(B, way["teams"]) == way["rows"]


def range_of_B(run, B, measured):
    """(least, most): the range around B in which the planner has this way and no other measured B is nearer."""
    if run["executor"] == STEPWISE:
        return B, B

    def belongs(other):
        return other > 0 and shared_alike(run["way"], other) and min(measured, key=lambda b: (abs(b - other), -b)) == B

    least = most = B
    while belongs(least - 1):
        least -= 1
    while belongs(most + 1):
        most += 1
    return least, most


def ranges_of_T(wins, measured):
    """{T: (least, most or None)} of the winners at one B. A persistent kernel also wins with more steps and cuda_stepwise
    with fewer, up to the next measured T."""
    ranges, taken = {}, 0
    for T in sorted(wins):
        if wins[T]["executor"] == STEPWISE:
            before = max((other for other in measured if other < T), default=0)
            ranges[T] = (max(before, taken) + 1, T)
        else:
            after = min((other for other in measured if other > T), default=None)
            ranges[T] = (T, after and after - 1)
            taken = after and after - 1
    return ranges


def rows_of(key, points):
    """[(sort key, text)] of the rows of one key."""
    rows = []
    for B in sorted({B for B, _ in points}):
        measured = [T for other, T in points if other == B]
        wins = {T: winner(points[B, T][0]) for T in measured}
        wins = {T: win for T, win in wins.items() if win}
        ranges = ranges_of_T({T: best for T, (best, _) in wins.items()}, measured)
        for T, (best, choice) in wins.items():
            B_range = range_of_B(best, B, {other for other, _ in points})
            result, record = points[B, T]
            rows.append(((key, B_range, ranges[T]), row_text(key, B_range, ranges[T], best, choice, result, record)))
    return rows


def range_of_I(run, I):
    """The field .I of a row: a kernel that multiplies x itself also wins with fewer inputs, another kernel with more."""
    if run["executor"] == STEPWISE:
        return []
    return [f".I = {{.{'most' if multiplies_inputs(run) else 'least'} = {I}}}"]


def range_text(least, most):
    return f"{{.least = {least}" + ("" if most is None else f", .most = {most}") + "}"


def row_text(key, B_range, T_range, best, choice, result, record):
    device, processors, cell, reset_after, dtype, math_name, H = key
    fields = [f'.device = "{device}"', f".processors = {processors}", f".cell = CellKind::{CELLS[cell]}",
              f".reset_after = {str(reset_after).lower()}", f".dtype = DType::{DTYPES[dtype]}",
              f".math = MatrixMath::{MATRIX_MATHS[math_name]}", f".H = {H}", f".B = {range_text(*B_range)}",
              f".T = {range_text(*T_range)}", f'.candidate = "{best["executor"]}"', f".step_us = {best['us_per_step']:.4g}",
              f'.record = "{record}"']
    lines = [fields[:4], fields[4:9], range_of_I(best, result["I"]) + fields[9:]]
    point = f"    // {result['id']}: {choice['executor']} took {choice['us_per_step']:.4g} us a step\n"
    return point + "    {" + ",\n     ".join(", ".join(line) for line in lines) + "},\n"


def tuning_header(benches):
    """The text of tuning_rows.h from (name, bench) of each record, oldest first."""
    rows = [row for key, points in measured_points(benches).items() for row in rows_of(key, points)]
    texts = [text for _, text in sorted(rows)]
    header = HEADER.replace("ROWS", str(len(texts)))
    return header.replace("kTuningRows{}", "kTuningRows{{\n" + "".join(texts) + "}}") if texts else header
