"""Draws everything random in a case from the case's seed: sizes, weights, inputs, masks, lengths."""

import numpy as np

from .case import FLOAT, Case, seed_of
from .reset_draw import discard, draw_marks, state_shape
from .shapes import STEPS, layer_inputs, layer_states, layer_weights, resolve

MASKS = ("right", "left", "holes", "row", "first", "everything", "full")
# Values for true and for false in a mask that is not boolean. Zero alone is false: NaN is true, and so is a number whose
# lowest byte is zero.
TRUE_AND_FALSE = {
    "f32": (np.float32, [1.0, 0.5, -2.0, 1e-30, np.nan, np.inf], [0.0, -0.0]),
    "f64": (np.float64, [1.0, 0.25, -1.0, 1e-300, np.nan, -np.inf], [0.0, -0.0]),
    "f16": (np.float16, [1.0, 0.5, -3.0, 1e-4, np.nan, np.inf], [0.0, -0.0]),
    "i32": (np.int32, [1, -1, 2, 256, 65536, -(2**31)], [0]),
    "i64": (np.int64, [1, -1, 2, 256, 2**32, -(2**63)], [0]),
    "u8": (np.uint8, [1, 2, 128, 255], [0]),
}
MASKED_VALUES = {"ordinary": None, "huge": 1e30, "infinite": -np.inf, "nan": np.nan}


def draw_sizes(rng, **fixed):
    """B, T, I, H, which differ from each other where possible, so that a mixed-up axis shows."""
    for _ in range(100):
        sizes = {
            "B": int(rng.integers(1, 5)), "T": int(rng.integers(2, 8)),
            "I": int(rng.integers(1, 5)), "H": int(rng.integers(1, 6)),
            **fixed,
        }
        if len({sizes[name] for name in "BTIH"}) == 4:
            break
    sizes["J"] = sizes["I"] % 4 + 1
    sizes["P"] = sizes["H"] % 5 + 1
    sizes["R"] = 2 + sizes["H"] % 2
    sizes["S"] = 3 + sizes["T"] % 2
    return sizes


def draw_mask(rng, kind, B, T):
    """(B,T) booleans, true = use. "everything" masks all steps, "full" none; padding leaves one live step per row."""
    steps = np.arange(T)[None, :]
    length = rng.integers(1, T + 1, size=(B, 1)) if T else np.zeros((B, 1))
    holes = rng.random((B, T)) < 0.6
    if kind == "right":
        return steps < length
    if kind == "left":
        return steps >= T - length
    if kind == "row":
        holes[: (B + 1) // 2] = False
    if kind == "first":
        holes[:, :1] = False
        holes[:, 1:2] = True
    if kind == "everything":
        holes[:] = False
    if kind == "full":
        holes[:] = True
    return holes


def draw_length(rng, B, T):
    return rng.integers(0, T + 1, size=B)


def poison(inputs, live, value):
    """Writes `value` into inputs (B,T,...) where live (B,T) is false."""
    if value is not None:
        for leaf in inputs:
            leaf[~live] = value


def swap(array, time_major):
    return array.swapaxes(0, 1) if time_major else array


def normal(rng, shape, dtype):
    return rng.normal(size=shape).astype(dtype)


def weight(rng, shape, dtype):
    return (rng.normal(size=shape) / np.sqrt(shape[0] + 1)).astype(dtype)


def masked(rng, case, settings, B, T, prefix=""):
    """Adds the mask or the lengths; returns which steps are live."""
    live = np.ones((B, T), bool)
    length = settings.get("input_length")
    if length == "int":
        length = int(rng.integers(0, T + 1))
    if length is not None:
        lengths = draw_length(rng, B, T) if length in ("i32", "i64") else np.full(B, length)
        lengths = np.asarray(settings.get("lengths", lengths))
        if length in ("i32", "i64"):
            case.tensors["input_length"] = lengths.astype({"i32": np.int32, "i64": np.int64}[length])
        else:
            case.options["input_length"] = length
        live = np.arange(T)[None, :] < lengths[:, None]
    if settings.get("mask"):
        live = draw_mask(rng, settings["mask"], B, T)
        mask = swap(live, case.options["time_major"])
        mask = in_mask_dtype(mask, settings.get("mask_dtype", "bool"))
        case.tensors[prefix + "mask"] = mask[..., None] if settings.get("mask_rank") == 3 else mask
    return live


def in_mask_dtype(mask, dtype):
    """The mask in another dtype, with the values of TRUE_AND_FALSE one after another."""
    if dtype == "bool":
        return mask
    kind, true, false = TRUE_AND_FALSE[dtype]
    turns = np.arange(mask.size).reshape(mask.shape)
    return np.where(mask, np.take(true, turns % len(true)), np.take(false, turns % len(false))).astype(kind)


def add_resets(rng, case, settings, inputs, live, shapes, prefix=""):
    """Adds where pieces begin, and what they begin with; `shapes` are those of the states without the axis B."""
    marks = draw_marks(rng, settings["resets"], live)
    given = in_mask_dtype(swap(marks, case.options["time_major"]), settings.get("reset_dtype", "bool"))
    case.tensors[prefix + "resets"] = given[..., None] if settings.get("reset_rank") == 3 else given
    for k, shape in enumerate(shapes if settings.get("piece_state") else []):
        shape = state_shape(settings["piece_state"], k, len(live), shape)
        case.tensors[f"{prefix}piece_state/{k}"] = normal(rng, shape, FLOAT[case.dtype])
    if "discarded_values" in settings:
        discard(case, inputs, marks, MASKED_VALUES[settings["discarded_values"]], prefix)


def new_case(name, api, spec, settings, options, base_seed):
    seed = seed_of(name, base_seed)
    case = Case(name, api, settings.get("dtype", "f32"), seed, spec, options, raises=settings.get("raises", ""))
    return case, np.random.default_rng(seed), FLOAT[case.dtype]


def backend_case(name, function, settings, base_seed):
    names = ("go_backwards", "unroll", "time_major", "zero_output_for_mask", "return_all_outputs")
    options = {flag: settings.get(flag, flag == "return_all_outputs") for flag in names}
    case, rng, dtype = new_case(name, "backend.rnn", {"function": function}, settings, options, base_seed)
    step = STEPS[function]
    sizes = draw_sizes(rng, **settings.get("sizes", {}))
    B, T = sizes["B"], sizes["T"]
    inputs = [normal(rng, (B, T) + resolve(shape, sizes), dtype) for shape in step.inputs]
    live = masked(rng, case, settings, B, T)
    poison(inputs, live, MASKED_VALUES[settings.get("masked_values", "ordinary")])
    for k, leaf in enumerate(inputs):
        case.tensors["input" if len(inputs) == 1 else f"input/{k}"] = swap(leaf, options["time_major"])
    for k, shape in enumerate(step.states):
        state = normal(rng, (B,) + resolve(shape, sizes), dtype)
        case.tensors[f"initial_state/{k}"] = state if settings.get("initial_state", True) else np.zeros_like(state)
    for k, shape in enumerate(step.constants):
        case.tensors[f"constants/{k}"] = normal(rng, resolve(shape, sizes), dtype)
    for weight_name, shape in step.weights.items():
        case.tensors["weight/" + weight_name] = weight(rng, resolve(shape, sizes), dtype)
    if "resets" in settings:
        add_resets(rng, case, settings, inputs, live, [resolve(shape, sizes) for shape in step.states])
    return case


def layer_call(rng, case, settings, sizes, prefix):
    """Adds the tensors of one call of a layer."""
    B, T, dtype = sizes["B"], sizes["T"], FLOAT[case.dtype]
    inputs = [normal(rng, (B, T) + shape, dtype) for shape in layer_inputs(case.spec, sizes)]
    live = ragged(rng, case, settings, B, T, prefix) if "ragged" in settings else masked(
        rng, case, settings, B, T, prefix)
    poison(inputs, live, MASKED_VALUES[settings.get("masked_values", "ordinary")])
    for k, leaf in enumerate(inputs):
        name = "input" if len(inputs) == 1 else f"input/{k}"
        case.tensors[prefix + name] = swap(leaf, case.options["time_major"])
    names = [name for name in ("initial_state", "reset_state") if settings.get(name)]
    for name in names:
        shapes = layer_states(case.spec)
        for k, shape in enumerate((shapes * 2)[: settings.get("states_given", len(shapes))]):
            case.tensors[f"{prefix}{name}/{k}"] = normal(rng, (B,) + shape, dtype)
    if "resets" in settings:
        add_resets(rng, case, settings, inputs, live, layer_states(case.spec), prefix)


def ragged(rng, case, settings, B, T, prefix):
    """Adds the lengths of the rows of a ragged tensor, the longest of T steps; returns which steps exist."""
    lengths = draw_length(rng, B, T)
    lengths[int(rng.integers(0, B))] = T
    case.tensors[prefix + "lengths"] = lengths.astype({"i32": np.int32, "i64": np.int64}[settings["ragged"]])
    return np.arange(T)[None, :] < lengths[:, None]


def layer_case(name, layer, settings, base_seed):
    flags = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "time_major")
    options = {flag: settings.get(flag, False) for flag in flags + ("zero_output_for_mask",)}
    api = "bidirectional" if layer["class"] == "Bidirectional" else "layer"
    case, rng, dtype = new_case(name, api, layer, settings, options, base_seed)
    sizes = draw_sizes(rng, H=layer_states(layer)[0][0], **settings.get("sizes", {}))
    if "calls" in settings:
        options["calls"] = []
    for number, call in enumerate(settings.get("calls", [settings])):
        prefix = ""
        if "calls" in settings:
            options["calls"].append({"reset_states_before": call.get("reset", False)})
            if "training" in call:
                options["calls"][-1]["training"] = call["training"]
            call = {**call, "reset_state": call.get("reset") == "states"}
            sizes["T"] = call.get("T", sizes["T"])
            prefix = f"call/{number}/"
        layer_call(rng, case, call, sizes, prefix)
    for weight_name, shape in layer_weights(layer, sizes).items():
        case.tensors["weight/" + weight_name] = weight(rng, shape, dtype)
    return case
