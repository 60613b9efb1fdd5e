"""The cases of the TensorFlow 1 functions: dynamic_rnn, bidirectional_dynamic_rnn, raw_rnn, and contrib's rnn."""

import numpy as np

from . import v1_cells
from .case import FLOAT, seed_of
from .draw import MASKED_VALUES, MASKS, backend_case, draw_sizes, new_case, normal, poison, swap, weight
from .plan import rows
from .shapes import STEPS, resolve

COLUMNS = {
    "lengths": (None, "random", "random", "random", "full", "zeros", "long"),
    "length_dtype": ("i32", "i64"),
    "time_major": (False, True),
    "initial_state": (False, True),
    "dtype_given": (True, True, False),
    "parallel_iterations": (0, 1, 2, 3, 32),
    "swap_memory": (False, True),
    "masked_values": ("ordinary", "nan", "infinite"),
    "dtype": ("f32", "f32", "f64"),
}
ROWS = {
    **dict.fromkeys(v1_cells.SINGLE, 5), **dict.fromkeys(v1_cells.STACKS, 4), **dict.fromkeys(v1_cells.STEP_CELLS, 3),
}
BIDIRECTIONAL = (
    ("lstm", "lstm"), ("gru", "basic_rnn"), ("lstm_all", "lstm_peepholes"), ("stack", "basic_lstm"),
    ("basic_rnn", "stack_of_three"), ("nested_output", "nested_output"), ("rank_zero_counter", "rank_zero_counter"),
    ("stack_one_state", "lstm_projection_clip"),
)
EDGES = {
    "no_steps": ({"T": 0}, ("lstm", "gru", "lstm_all", "stack", "nested_state", "matrix_state")),
    "no_rows": ({"B": 0}, ("basic_rnn", "lstm", "lstm_all", "stack", "nested_output")),
    "one_step": ({"T": 1}, ("gru", "lstm_peepholes", "counter")),
    "one_row": ({"B": 1}, ("basic_lstm", "lstm_projection", "stack_one_state")),
}
CONTRIB = (
    "simple_rnn", "minimal", "lstm", "gru_reset_after", "gru_reset_before", "attention", "constants", "matrix_input",
)


def draw_lengths(rng, kind, B, T):
    lengths = rng.integers(0, T + 1, size=B)
    if kind == "full":
        lengths[:] = T
    if kind == "zeros":
        lengths[:] = 0
    if kind == "long":
        lengths = lengths + rng.integers(0, 3, size=B) * T
    return lengths


def add_inputs(case, rng, step, sizes, live, settings):
    dtype, time_major = FLOAT[case.dtype], case.options["time_major"]
    inputs = [normal(rng, live.shape + resolve(shape, sizes), dtype) for shape in step.inputs]
    poison(inputs, live, MASKED_VALUES[settings["masked_values"]])
    for k, leaf in enumerate(inputs):
        case.tensors["input" if len(inputs) == 1 else f"input/{k}"] = swap(leaf, time_major)


def add_cell(case, rng, cell, sizes, suffix, with_state):
    """Adds weights and initial state. `suffix` is "_fw", "_bw" or empty."""
    dtype = FLOAT[case.dtype]
    prefix = suffix[1:] + "/" if suffix else ""
    for name, shape in v1_cells.weight_shapes(cell, sizes).items():
        case.tensors[f"weight/{prefix}{name}"] = weight(rng, shape, dtype)
    if with_state:
        for k, shape in enumerate(v1_cells.state_shapes(cell, sizes["B"])):
            case.tensors[f"initial_state{suffix}/{k}"] = np.asarray(normal(rng, shape, np.float64), dtype)


def add_sequence(case, rng, names, sizes, settings):
    """Adds lengths and inputs. Where the settings say so, inputs beyond a length are NaN or infinite."""
    B, T = sizes["B"], sizes["T"]
    live = np.ones((B, T), bool)
    if settings["lengths"]:
        lengths = np.asarray(settings.get("given_lengths", draw_lengths(rng, settings["lengths"], B, T)))
        case.tensors["sequence_length"] = lengths.astype({"i32": np.int32, "i64": np.int64}[settings["length_dtype"]])
        live = np.arange(T)[None, :] < lengths[:, None]
    function = names[0] if names[0] in STEPS else "minimal"
    add_inputs(case, rng, STEPS[function], sizes, live, settings)


def needs_state(name):
    return name == "rank_zero_counter"


def reach_the_end(settings, rng, sizes):
    """Gives one row all T steps, because a graph stops at the longest row, and a state of rank 0 would go on until T."""
    sizes["B"] = 3
    if settings["lengths"]:
        settings["given_lengths"] = [*rng.integers(1, sizes["T"], size=2), sizes["T"]]


def options_of(settings, names):
    options = {name: settings[name] for name in ("time_major", "parallel_iterations", "swap_memory", "dtype_given")}
    # Without an initial state, or with a state without tensors, the dtype must be given.
    options["dtype_given"] |= not settings["initial_state"] or "stateless" in names
    return options


DEFAULTS = {name: values[0] for name, values in COLUMNS.items()}


def dynamic_case(name, cell_name, settings, base_seed):
    settings = {**DEFAULTS, **settings}
    settings["initial_state"] |= needs_state(cell_name)
    options = options_of(settings, [cell_name])
    case, rng, _ = new_case(name, "v1.dynamic_rnn", {}, settings, options, base_seed)
    sizes = draw_sizes(rng, **settings.get("sizes", {}))
    case.spec = v1_cells.make(cell_name, rng, sizes)
    if needs_state(cell_name):
        reach_the_end(settings, rng, sizes)
    add_sequence(case, rng, [cell_name], sizes, settings)
    add_cell(case, rng, case.spec, sizes, "", settings["initial_state"])
    return case


def bidirectional_case(name, cell_names, settings, base_seed):
    settings = {**DEFAULTS, **settings}
    settings["initial_state"] |= any(map(needs_state, cell_names))
    if settings["lengths"] == "long":
        settings["lengths"] = "random"
    options = options_of(settings, cell_names)
    case, rng, _ = new_case(name, "v1.bidirectional_dynamic_rnn", {}, settings, options, base_seed)
    sizes = draw_sizes(rng, **settings.get("sizes", {}))
    if needs_state(cell_names[0]):
        reach_the_end(settings, rng, sizes)
    case.spec = {way: v1_cells.make(cell, rng, sizes) for way, cell in zip(("fw", "bw"), cell_names)}
    add_sequence(case, rng, cell_names, sizes, settings)
    for way, cell in case.spec.items():
        add_cell(case, rng, cell, sizes, "_" + way, settings["initial_state"])
    return case


def raw_case(name, cell_name, loop, settings, base_seed):
    """A case of raw_rnn. The loop "lengths" reads inputs until each row's length; "feedback" reads its own outputs."""
    settings = {**DEFAULTS, "lengths": "random", "initial_state": True, "time_major": True, **settings}
    options = {"loop": loop, "time_major": True}
    case, rng, dtype = new_case(name, "v1.raw_rnn", {}, settings, options, base_seed)
    sizes = draw_sizes(rng, **settings.get("sizes", {}))
    case.spec = v1_cells.make(cell_name, rng, sizes)
    add_sequence(case, rng, [cell_name], sizes, {**settings, "masked_values": "ordinary"})
    add_cell(case, rng, case.spec, sizes, "", True)
    if loop == "feedback":
        width = v1_cells.output_width(case.spec)
        case.tensors["weight/feedback"] = weight(rng, (width, sizes["I"]), dtype)
    return case


def contrib_cases(base_seed):
    columns = {
        "masking": tuple({"mask": kind} for kind in MASKS) + ({},),
        "go_backwards": (False, True), "unroll": (False, True), "mask_rank": (2, 3),
        "masked_values": ("ordinary", "nan", "infinite"), "dtype": ("f32", "f32", "f64"),
    }
    for function in CONTRIB:
        rng = np.random.default_rng(seed_of("contrib_" + function, base_seed))
        for index, row in enumerate(rows(rng, columns, 4)):
            case = backend_case(f"contrib_{function}_{index}_{row.get('mask', 'unmasked')}", function, row, base_seed)
            case.api, case.origin = "contrib.rnn", "model"
            case.options = {flag: case.options[flag] for flag in ("go_backwards", "unroll")}
            yield case


def raising_cases(base_seed):
    for name, settings in {
        "length_too_long": {"lengths": "random", "given_lengths": [9, 2, 5]},
        "length_negative": {"lengths": "random", "given_lengths": [1, -2, 5]},
    }.items():
        settings = {**settings, "sizes": {"B": 3, "T": 5}, "raises": "ValueError"}
        yield bidirectional_case(f"v1_raises_bidirectional_{name}", ("lstm", "gru"), settings, base_seed)
    case = dynamic_case("v1_raises_no_dtype", "lstm", {"raises": "ValueError"}, base_seed)
    case.options["dtype_given"] = False
    yield case
    case = dynamic_case("v1_raises_rank_2", "gru", {"raises": "ValueError"}, base_seed)
    case.tensors["input"] = case.tensors["input"][..., 0].copy()
    yield case
    settings = {"lengths": "full", "raises": "ValueError"}
    case = dynamic_case("v1_raises_lengths_of_rank_2", "lstm_all", settings, base_seed)
    case.tensors["sequence_length"] = case.tensors["sequence_length"][:, None]
    yield case
    case = dynamic_case("v1_raises_another_batch", "nested_input", {"raises": "ValueError"}, base_seed)
    case.tensors["input/1"] = np.concatenate([case.tensors["input/1"]] * 2)
    yield case


def v1_cases(base_seed):
    for cell, count in ROWS.items():
        rng = np.random.default_rng(seed_of("v1_" + cell, base_seed))
        for index, row in enumerate(rows(rng, {**COLUMNS, "masking": ({},)}, count)):
            yield dynamic_case(f"v1_dynamic_{cell}_{index}_{row['lengths'] or 'no_lengths'}", cell, row, base_seed)
    for label, (sizes, cells) in EDGES.items():
        for index, cell in enumerate(cells):
            lengths = "full" if label.startswith("no_") else "random"
            settings = {"sizes": sizes, "lengths": lengths if index % 2 == 0 else None, "initial_state": index % 3 != 0}
            yield dynamic_case(f"v1_{label}_{cell}", cell, settings, base_seed)
    for pair in BIDIRECTIONAL:
        name = "v1_bidirectional_" + "_and_".join(dict.fromkeys(pair))
        rng = np.random.default_rng(seed_of(name, base_seed))
        for index, row in enumerate(rows(rng, {**COLUMNS, "masking": ({},)}, 3)):
            yield bidirectional_case(f"{name}_{index}", pair, row, base_seed)
    for cell in ("basic_rnn", "lstm", "lstm_all", "stack", "nested_state"):
        yield raw_case(f"v1_raw_lengths_{cell}", cell, "lengths", {}, base_seed)
    yield raw_case("v1_raw_no_steps_gru", "gru", "lengths", {"lengths": "zeros"}, base_seed)
    for cell in ("gru", "lstm_projection", "stack_one_state"):
        yield raw_case(f"v1_raw_feedback_{cell}", cell, "feedback", {"dtype": "f64"}, base_seed)
    yield from raising_cases(base_seed)
    yield from contrib_cases(base_seed)
