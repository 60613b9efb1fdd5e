"""The gradient cases: every option takes each of its values about equally often, in a random combination."""

import numpy as np

from .case import seed_of
from .gradient_draw import draw_case
from .gradient_edges import edges
from .plan import GATED_VARIANTS, PLAIN_VARIANTS, balanced

SHARED = {
    "masked_values": ("ordinary", "huge", "ordinary", "nan", "ordinary"),
    "upstream": ("y last_output final_state", "y", "y final_state", "last_output", "final_state", "y last_output",
                 "last_output final_state", "y last_output final_state", "last"),
    "initial_state": (True, True, False),
    "dtype": ("f32", "f64"),
}
LOOP = {
    **SHARED,
    "read": ("forward", "reversed", "forward", "reversed", "reversed_within_length"),
    "write": ("processing", "processing", "input"),
}
KERAS = {
    **LOOP,
    "dead": ("previous_output", "zeros"),
    "masking": (("holes", None), (None, None), ("right", None), (None, "random"), ("row", None), ("holes", "random"),
                ("everything", None), ("first", None), (None, "empty_row"), ("left", None), (None, None),
                ("full", None)),
    "unroll": (False, False, True),
}
CONTRIB = {
    **LOOP,
    "dead": ("incoming_state",),
    "masking": (("holes", None), (None, "random"), ("first", None), ("row", None), ("left", None), ("everything", None),
                ("holes", None)),
}
DYNAMIC_RNN = {
    **SHARED,
    "read": ("forward", "reversed_within_length"),
    "write": ("input", "input", "processing"),
    "dead": ("zeros",),
    "masking": tuple((None, lengths) for lengths in ("random", "random", "empty_row", None, "random", "full")),
    "activation": ("tanh", "tanh", "tanh", "relu"),
    "forget_bias": (1.0, 0.0, 0.5),
    "cell_clip": (0.2, 0.35, 0.5),
    "projection_clip": (0.1, 0.2, 0.35),
}
RESETS = {
    **LOOP,
    "dead": ("previous_output", "zeros", "incoming_state"),
    "masking": ((None, None), ("holes", None), (None, "random"), ("first", None), ("holes", "random"),
                (None, "empty_row"), (None, None), ("row", None)),
    "resets": ("some", "some", "first", "last", "rows", "some", "every", "dead", "only_first"),
    "reset_state": ("rows", "shared", "rows", "shared", None),
}
GRU_BEFORE = {"kind": "gru", "reset_after": False}
CELLS = {
    "simple_rnn": ({"kind": "simple_rnn"}, PLAIN_VARIANTS), "lstm": ({"kind": "lstm"}, GATED_VARIANTS),
    "gru_after": ({"kind": "gru"}, GATED_VARIANTS), "gru_before": (GRU_BEFORE, GATED_VARIANTS),
}
# The cells of TensorFlow 1 by name. A clip's value is drawn, and a projection's width.
V1_CELLS = {"basic_rnn": {"kind": "simple_rnn"}, "gru": GRU_BEFORE}
for parts in ((), ("projection",), ("clipped_projection",)):
    for more in ((), ("peepholes",), ("cell_clip",), ("peepholes", "cell_clip")):
        V1_CELLS["_".join(("lstm", *more, *parts))] = {
            "kind": "lstm", "use_peepholes": "peepholes" in more, "cell_clip": "cell_clip" in more or None,
            "projection_units": bool(parts) or None, "projection_clip": "clipped_projection" in parts or None}


def v1_cell(kind, row):
    cell = {**V1_CELLS[kind], "activation": row["activation"]}
    cell.update({name: row[name] for name in ("cell_clip", "projection_clip") if cell.get(name)})
    return cell


def sound(row, function):
    """The row in a combination that means something, and about which TensorFlow does not contradict itself."""
    row = dict(row)
    row["mask"], row["lengths"] = row.pop("masking")
    row.setdefault("resets", None)
    row.setdefault("reset_state", None)
    if row["read"] == "reversed_within_length" and not row["lengths"]:
        if function == "dynamic_rnn":
            row["read"] = "reversed"  # bidirectional_dynamic_rnn without lengths
        else:
            row["lengths"] = "random"
    if row["resets"] == "dead" and not row["mask"]:
        row["mask"] = "holes"
    if row.get("unroll") and row["dead"] == "zeros" and row["read"] == "reversed":
        row["unroll"] = False
    if row["mask"] in (None, "full") and row["lengths"] in (None, "full"):
        row["masked_values"] = "ordinary"
    if row["upstream"] == "last":  # the last state alone
        row["upstream"] = "final_state/1" if row["cell"]["kind"] == "lstm" else "y"
    if row["upstream"] == "last_output" and row["dead"] == "zeros" and row["mask"]:
        row["upstream"] = "y last_output"  # the last output alone may be a masked one, and then a constant
    row["function"] = function
    return row


TAGS = {"forward": None, "reversed": "reversed", "reversed_within_length": "within", "previous_output": None,
        "zeros": "zeros", "incoming_state": "incoming"}


def name_of(group, index, row):
    parts = [group, f"{index:02}", TAGS[row["read"]]]
    parts += ["input_order"] if row["read"] != "forward" and row["write"] == "input" else []
    parts += [TAGS[row["dead"]] if row["function"] != "dynamic_rnn" else None, "unroll" if row.get("unroll") else None]
    parts += ["mask_" + row["mask"] if row["mask"] else None, "length_" + row["lengths"] if row["lengths"] else None]
    parts += ["resets_" + row["resets"] if row["resets"] else None, row["reset_state"]]
    parts += [row["masked_values"] if row["masked_values"] != "ordinary" else None, row["dtype"]]
    return "_".join(part for part in parts if part)


def table(group, columns, count, base_seed):
    """`count` rows. Groups with fewer rows than a column has values begin at different ones."""
    rng, drawn = np.random.default_rng(seed_of(group, base_seed)), {}
    for key, values in columns.items():
        first = rng.integers(0, len(values))
        drawn[key] = balanced(rng, values[first:] + values[:first], count)
    return [{key: column[index] for key, column in drawn.items()} for index in range(count)]


def keras_group(family, columns, count, base_seed):
    """Cases of all of Keras's cells. A dead row that emits its state needs the loop of contrib."""
    for name, (kind, variants) in CELLS.items():
        group = f"{family}_{name}"
        for index, row in enumerate(table(group, columns, count, base_seed)):
            row["cell"] = {**kind, **variants[index % len(variants)]}
            function = "contrib" if row["dead"] == "incoming_state" else "backend.rnn"
            row = sound(row, function)
            yield draw_case(name_of(group, index, row), row, base_seed)


def v1_group(family, columns, counts, base_seed):
    for kind, count in counts.items():
        group = f"{family}_{kind}"
        for index, row in enumerate(table(group, columns, count, base_seed)):
            row["cell"] = v1_cell(kind, row)
            row = sound(row, "dynamic_rnn")
            yield draw_case(name_of(group, index, row), row, base_seed)


V1_COUNTS = {name: 6 if name.startswith("lstm") else 12 for name in V1_CELLS}
V1_RESET_COUNTS = {
    "lstm_peepholes": 3, "lstm_cell_clip_projection": 3, "lstm_peepholes_cell_clip_clipped_projection": 3, "gru": 2}
V1_RESETS = {**DYNAMIC_RNN, "resets": ("some", "first", "some"), "reset_state": ("rows", "shared", "rows")}


def gradient_cases(base_seed):
    yield from keras_group("keras", KERAS, 34, base_seed)
    yield from keras_group("contrib", CONTRIB, 8, base_seed)
    yield from v1_group("dynamic_rnn", DYNAMIC_RNN, V1_COUNTS, base_seed)
    yield from keras_group("resets", RESETS, 12, base_seed)
    yield from v1_group("resets_dynamic_rnn", V1_RESETS, V1_RESET_COUNTS, base_seed)
    for name, settings in edges():
        yield draw_case(name, settings, base_seed)
