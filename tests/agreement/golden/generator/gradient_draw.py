"""Draws the tensors of a gradient case from its seed."""

import numpy as np

from .case import seed_of
from .draw import draw_mask, normal, poison
from .gradient_case import GATES, GradientCase, state_widths
from .gradient_reference import forward_of, gradients
from .reset_draw import draw_marks

# Values of live steps stay this far from where a derivative jumps, so that rounding does not decide on the side.
KINK_MARGIN = {"f32": 2e-5, "f64": 1e-9}
CELL = {"kind": "lstm", "units": 0, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True,
        "reset_after": True, "use_peepholes": False, "cell_clip": None, "projection_units": None,
        "projection_clip": None}
MASKED_VALUES = {
    "f32": {"ordinary": None, "huge": 1e38, "nan": np.nan, "infinite": -np.inf},
    "f64": {"ordinary": None, "huge": 1e308, "nan": np.nan, "infinite": -np.inf},
}


def draw_sizes(rng, fixed, least_T):
    """T, B, I, H, which differ from each other where possible, so that a mixed-up axis shows."""
    for _ in range(100):
        sizes = {"T": int(rng.integers(least_T, 9)), "B": int(rng.choice((1, 2, 3, 3, 4, 4, 5, 5))),
                 "I": int(rng.integers(1, 7)), "H": int(rng.integers(1, 10)), **fixed}
        if len(set(sizes.values())) == 4:
            break
    return sizes


def draw_lengths(rng, kind, T, B):
    lengths = rng.integers(0, T + 1, size=B)
    lengths[rng.integers(0, B)] = max(1, T - 1)  # not all rows are empty
    if kind == "empty_row":
        lengths[0], lengths[-1] = T, 0
    if kind in ("full", "empty"):
        lengths[:] = T if kind == "full" else 0
    return lengths.astype(np.int32)


def add_weights(rng, case, I):
    cell, dtype = case.cell, case.float_type
    G, H, P = GATES[cell["kind"]], cell["units"], state_widths(cell)[0]
    case.tensors["weight/kernel"] = normal(rng, (I, G * H), dtype) / dtype(np.sqrt(I + 1))
    case.tensors["weight/recurrent_kernel"] = normal(rng, (P, G * H), dtype) / dtype(np.sqrt(P + 1))
    if cell["use_bias"]:
        two_rows = cell["kind"] == "gru" and cell["reset_after"]
        bias = normal(rng, (2, G * H) if two_rows else (G * H,), dtype) * dtype(0.5)
        if cell["kind"] == "lstm":
            bias[H : 2 * H] += dtype(case.run["forget_bias"])
        case.tensors["weight/bias"] = bias
    if cell["use_peepholes"]:
        case.tensors["weight/peepholes"] = normal(rng, (3, H), dtype) * dtype(0.7)
    if cell["projection_units"]:
        case.tensors["weight/projection"] = normal(rng, (H, P), dtype) / dtype(np.sqrt(H))


def add_steps(rng, case, settings, sizes):
    """Adds x, and what says which steps are live."""
    T, B = sizes["T"], sizes["B"]
    live = np.ones((T, B), bool)
    if settings["mask"]:
        live = case.tensors["mask"] = draw_mask(rng, settings["mask"], B, T).T
    if settings["lengths"]:
        lengths = case.tensors["lengths"] = draw_lengths(rng, settings["lengths"], T, B)
        live = live & (np.arange(T)[:, None] < lengths)
    x = case.tensors["x"] = normal(rng, (T, B, sizes["I"]), case.float_type)
    poison([x], live, MASKED_VALUES[case.dtype][settings["masked_values"]])
    if settings["resets"]:
        case.tensors["resets"] = draw_marks(rng, settings["resets"], live.T).T


def add_states(rng, case, settings, B):
    widths = state_widths(case.cell)
    for k, width in enumerate(widths if settings["initial_state"] else []):
        state = case.tensors[f"initial_state/{k}"] = normal(rng, (B, width), case.float_type)
        if settings.get("discarded_states"):
            state[case.tensors["resets"][0]] = np.nan
    for k, width in enumerate(widths if settings["reset_state"] else []):
        shape = (width,) if settings["reset_state"] == "shared" else (B, width)
        case.tensors[f"reset_state/{k}"] = normal(rng, shape, case.float_type)


def add_upstream(rng, case, names, T, B):
    """`names`, separated by blanks, may have "final_state" for all final states."""
    widths, asked = state_widths(case.cell), names.split()
    shapes = {"y": (T, B, widths[0]), "last_output": (B, widths[0])}
    shapes.update({f"final_state/{k}": (B, width) for k, width in enumerate(widths)})
    for name, shape in shapes.items():
        if name in asked or name.partition("/")[0] in asked:
            case.tensors[f"upstream/{name}"] = normal(rng, shape, case.float_type)


def is_sound(case):
    """Whether no live step is close to a jump of a derivative, and each clip cuts some values and leaves others."""
    with np.errstate(all="ignore"):
        forward, _ = forward_of(case.cell, case.rules, case.tensors)
    cut = {}
    for kept in forward.kept:
        jumps = [np.abs(value[value != 0] - point) for value, point in kept["jumps"]]
        for number, (value, limit) in enumerate(kept.get("clipped", [])):
            if limit is not None:
                cut.setdefault(number, []).append((np.abs(value) > limit).ravel())
                jumps.append(np.abs(np.abs(value) - limit))
        if any(np.min(distance, initial=1.0) < KINK_MARGIN[case.dtype] for distance in jumps):
            return False
    shares = [np.concatenate(parts) for parts in cut.values()]
    return all(share.size < 4 or (share.any() and not share.all()) for share in shares)


def draw_once(name, settings, seed):
    rng = np.random.default_rng(seed)
    sizes = draw_sizes(rng, settings.get("sizes", {}), least_T=2 if settings["resets"] else 1)
    cell = {**CELL, **settings["cell"], "units": sizes["H"]}
    if cell["projection_units"]:
        cell["projection_units"] = int(rng.integers(1, sizes["H"] + 1))
    rules = {key: settings[key] for key in ("read", "write", "dead")}
    run = {"function": settings["function"], "unroll": settings.get("unroll", False),
           "forget_bias": settings.get("forget_bias", 1.0)}
    case = GradientCase(name, settings["dtype"], seed, cell, rules, run)
    add_steps(rng, case, settings, sizes)
    add_states(rng, case, settings, sizes["B"])
    add_weights(rng, case, sizes["I"])
    add_upstream(rng, case, settings["upstream"], sizes["T"], sizes["B"])
    return case


def has_gradients(case):
    """Whether any weight has a gradient that is not zero."""
    with np.errstate(all="ignore"):
        found = gradients(case.cell, case.rules, case.tensors)
    return any(np.any(value) for name, value in found.items() if name.startswith("gradient/weight/"))


def draw_case(name, settings, base_seed):
    """The first sound case of a series of seeds, with a gradient of a weight unless no step is live."""
    nothing_live = settings["mask"] == "everything" or settings["lengths"] == "empty"
    for attempt in range(1000):
        case = draw_once(name, settings, seed_of(f"{name}/{attempt}", base_seed))
        if is_sound(case) and (nothing_live or has_gradients(case)):
            return case
    raise AssertionError(f"{name}: no sound case")
