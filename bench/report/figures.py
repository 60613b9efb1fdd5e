"""The figures of the CPU in README.md, from all records that are kept."""

import textwrap

import cpu_tables
import mode_tables
from measurements import geometric_mean
from overview import newest, threads_of

WIDTH = 128
PEERS = {"f32": "the best of oneDNN, ONNX Runtime and PyTorch", "bf16x3": "the best of them in f32", "bf16": "the best in bf16",
         "int8": "the best in int8 (for GRUs also bf16)"}


def item(text):
    return textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def f32_figure(records):
    """Every record of strict f32: what another machine, or another hour, gives."""
    parts = []
    for record in records:
        ratios = [point["ratios"][point["best"]]["median"] for point in record["results"] if point["T"] > 1]
        parts.append(f"{geometric_mean(ratios):.2f} with {threads_of(record)} of {record['processor']} ({record['date'][:10]}; least "
                     f"{min(ratios):.2f} of {len(ratios)} sizes)")
    return item(f"**CPU, f32**: times as fast as {PEERS['f32']} at each size, in the geometric mean: {', '.join(parts)}.")


def mode_figure(mode, records):
    """The newest records of a mode of low precision."""
    parts = []
    for record in records:
        points, rondo = record["results"], record["peers"][0]
        if all(rondo in point.get("strict", ()) for point in points):
            parts.append(f"the plan took strict f32 at every size with {threads_of(record)} of {record['processor']}")
            continue
        ratios = [mode_tables.against_best(point) for point in points]
        many = [mode_tables.against_best(point) for point in points if point["B"] >= mode_tables.MANY_ROWS]
        text = f"{geometric_mean(ratios):.2f} with {threads_of(record)} of {record['processor']} (least {min(ratios):.2f} of {len(ratios)} sizes"
        text += f"; {geometric_mean(many):.2f} from B {mode_tables.MANY_ROWS} on" if many else ""
        parts.append(f"{text}; largest error {mode_tables.largest_error(record, points):.0e})")
    return item(f"**CPU, {mode}**: beside {PEERS[mode]}: {', '.join(parts)}.")


def figures_markdown(paths):
    records = cpu_tables.load_runs(paths)
    of_f32 = [record for record in records if cpu_tables.mode_of(record) == "f32"]
    lines = [f32_figure(of_f32)] if of_f32 else []
    return "\n".join(lines + [mode_figure(mode, kept) for mode, kept in newest(records).items() if mode != "f32"])
