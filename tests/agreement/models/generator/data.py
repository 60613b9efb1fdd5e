"""Random weights and inputs of a model, and what the model answers."""

import numpy as np


def coarse(values, steps=64):
    """Rounds to multiples of 1/steps, so that files compress well."""
    return (np.round(np.asarray(values) * steps) / steps).astype(np.float32)


def weight_name(weight):
    return getattr(weight, "path", weight.name)


def set_weights(model, values):
    model.set_weights(values)
    for layer in model._flatten_layers():
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()  # which keeps copies of the weights


def draw_weights(model, rng):
    values = []
    for weight in model.weights:
        shape, name = tuple(weight.shape), weight_name(weight)
        current = np.array(weight)
        if "seed" in name or current.dtype.kind in "iu":
            values.append(current)
        elif "variance" in name:
            values.append(coarse(rng.uniform(0.5, 1.5, shape)))
        elif "gamma" in name or "scale" in name:
            values.append(coarse(rng.uniform(0.5, 1.25, shape)))
        else:
            values.append(coarse(rng.normal(0, 0.5, shape)))
    set_weights(model, values)


def mask_of(rng, shape, empty_rows):
    """Which steps are there: of most batches the first ones of each row, of some any."""
    rows, steps = shape
    if rng.random() < 0.3:
        mask = rng.random(shape) < 0.6
        mask[:, int(rng.integers(steps))] = True
        return mask
    fewest = 0 if rng.random() < 0.15 and empty_rows else 1
    lengths = rng.integers(fewest, steps + 1, rows)
    lengths[int(rng.integers(rows))] = steps
    return np.arange(steps) < lengths[:, None]


def draw_input(kit, tensor, rows, length):
    rng = kit.rng
    name = tensor.name.split(":")[0]
    shape = (rows, *(length if size is None else int(size) for size in tensor.shape[1:]))
    if name.startswith("attention_mask"):
        mask = rng.random(shape) < 0.7
        mask[:, :, 0] = True
        return name, mask
    if name.startswith("tokens"):
        return name, np.where(mask_of(rng, shape, kit.empty_rows), rng.integers(1, 6, shape), 0).astype(np.int32)
    values = coarse(rng.normal(0, 1, shape), 32)
    if name in kit.mask_values:
        value = kit.mask_values[name]
        values[..., 0] = np.where(np.abs(values[..., 0] - value) < 0.1, 0.5, values[..., 0])
        values[~mask_of(rng, shape[:2], kit.empty_rows)] = value
    return name, values


def draw_calls(kit):
    """Inputs of three calls, by name. The batches and, where they may, the lengths differ."""
    calls = []
    for number in range(3 if kit.stateful else 2):
        rows = 3 if kit.stateful else 3 - number
        length = 5 if number == 0 or kit.stateful else 7
        calls.append(dict(draw_input(kit, tensor, rows, length) for tensor in kit.inputs))
    if kit.stateful:
        calls[2] = calls[0]  # after reset_states, the first call gives the same again
    return calls


def answer(kit, model, inputs):
    given = [inputs[tensor.name.split(":")[0]] for tensor in kit.inputs]
    results = model(given if len(given) > 1 else given[0], training=False)
    results = list(results) if isinstance(results, (list, tuple)) else [results]
    return [np.array(result) for result in results]


def reset_states(kit, model):
    if kit.version == 2:
        model.reset_states()
        return
    for layer in model._flatten_layers():  # not layer.reset_state(), which fails for a stack of cells
        for state in kit.keras.tree.flatten(getattr(layer, "states", None) or []):
            state.assign(np.zeros(state.shape, np.float32))


def answers(kit, model, calls):
    reset_states(kit, model)
    results = []
    for number, inputs in enumerate(calls):
        if kit.stateful and number == 2:
            reset_states(kit, model)
        results.append(answer(kit, model, inputs))
    return results


def is_well_conditioned(kit, model, calls, expected):
    """Whether rounding in the model cannot reach the tolerance: weights that differ in the last bits give the same."""
    if not all(np.isfinite(result).all() for results in expected for result in results):
        return False
    weights = model.get_weights()
    moved = [w * (1 + kit.rng.choice([-2e-7, 2e-7], w.shape)).astype(w.dtype) if w.dtype.kind == "f" else w for w in weights]
    set_weights(model, moved)
    seen = answers(kit, model, calls)
    set_weights(model, weights)
    reset_states(kit, model)
    for results, others in zip(expected, seen):
        for a, b in zip(results, others):
            if np.abs(a - b).max(initial=0) > 3e-6 * max(np.abs(a).max(initial=0), 1e-3):
                return False
    return True
