"""Writes the golden cases of the layer MGU: flax computes each step, and NumPy what a layer does around it.

    python -m venv venv && venv/bin/pip install -r tests/agreement/golden/requirements_mgu.txt
    venv/bin/python tests/agreement/golden/generate_mgu.py [--cases DIR] [--seed N]
"""

import argparse
import os

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from generator.case import FLOAT, Case, seed_of, write_case
from generator.draw import MASKED_VALUES, draw_mask, draw_sizes, poison

ACTIVATIONS = {
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid_keras3": jax.nn.hard_sigmoid,
}
FLAGS = ("return_sequences", "return_state", "go_backwards", "zero_output_for_mask", "time_major", "state", "f64")

# Name, flags that are set, mask, value of masked inputs, other keys of the layer.
CASES = [
    ("last", "", None, "ordinary", {}),
    ("last_f64", "f64", None, "ordinary", {}),
    ("sequences_state", "return_sequences return_state state", None, "ordinary", {}),
    ("backwards_sequences", "return_sequences go_backwards", None, "ordinary", {}),
    ("backwards_time_major_f64", "return_sequences return_state go_backwards time_major state f64", None, "ordinary",
     {}),
    ("mask_right", "return_sequences return_state", "right", "nan", {}),
    ("mask_left_zero", "return_sequences return_state zero_output_for_mask", "left", "nan", {}),
    ("mask_holes_state", "return_sequences return_state state", "holes", "infinite", {}),
    ("mask_holes_backwards_f64", "return_sequences return_state go_backwards f64", "holes", "huge", {}),
    ("mask_holes_backwards_zero", "return_sequences return_state go_backwards zero_output_for_mask", "holes", "nan",
     {}),
    ("mask_first_time_major", "return_sequences time_major", "first", "nan", {}),
    ("mask_row_last_state", "return_state state", "row", "nan", {}),
    ("mask_everything_state", "return_sequences return_state state", "everything", "nan", {}),
    ("no_bias", "return_sequences return_state", None, "ordinary", {"use_bias": False}),
    ("hard_gates_relu", "return_sequences return_state state", "holes", "nan",
     {"recurrent_activation": "hard_sigmoid_keras3", "activation": "relu"}),
    ("hard_gates_f64", "return_sequences f64", None, "ordinary", {"recurrent_activation": "hard_sigmoid_keras3"}),
]


def draw_case(name, flags, mask, masked, keys, base):
    """A Case without results."""
    seed = seed_of(name, base)
    rng = np.random.default_rng(seed)
    dtype = "f64" if flags["f64"] else "f32"
    sizes = draw_sizes(rng)
    B, T, I, H = (sizes[letter] for letter in "BTIH")
    draw = lambda *shape: rng.uniform(-1, 1, shape).astype(FLOAT[dtype])
    layer = {"class": "MGU", "units": H, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
    layer.update(keys)
    tensors = {"input": draw(B, T, I), "weight/kernel": draw(I, 2 * H), "weight/recurrent_kernel": draw(H, 2 * H)}
    if layer["use_bias"]:
        tensors["weight/bias"] = draw(2, 2 * H)
        tensors["weight/bias"][1, :H] = 0  # flax's `hf` has none
    if mask:
        tensors["mask"] = draw_mask(rng, mask, B, T)
        poison([tensors["input"]], tensors["mask"], MASKED_VALUES[masked])
    if flags["state"]:
        tensors["initial_state/0"] = draw(B, H)
    options = {flag: flags[flag] for flag in FLAGS[:5]}
    options.update(stateful=False, unroll=False)
    return Case(name, "layer", dtype, seed, layer, options, tensors, origin="flax")


def flax_parameters(case):
    H = case.spec["units"]
    kernel, recurrent = case.tensors["weight/kernel"], case.tensors["weight/recurrent_kernel"]
    bias = case.tensors.get("weight/bias", np.zeros((2, 2 * H), kernel.dtype))
    return {"params": {
        "if": {"kernel": kernel[:, :H], "bias": bias[0, :H]},
        "in": {"kernel": kernel[:, H:], "bias": bias[0, H:]},
        "hf": {"kernel": recurrent[:, :H]},
        "hn": {"kernel": recurrent[:, H:], "bias": bias[1, H:]},
    }}


def solve(case):
    """Adds the results: flax's cell at each step of each row that is live."""
    x = case.tensors["input"]
    B, T, _ = x.shape
    H = case.spec["units"]
    cell = nn.MGUCell(
        features=H,
        activation_fn=ACTIVATIONS[case.spec["activation"]],
        gate_fn=ACTIVATIONS[case.spec["recurrent_activation"]],
        param_dtype=x.dtype,
    )
    parameters = flax_parameters(case)
    step = jax.jit(lambda h, x_t: cell.apply(parameters, h, x_t)[0])
    live = case.tensors.get("mask", np.ones((B, T), bool))
    h = case.tensors.get("initial_state/0", np.zeros((B, H), x.dtype))
    output = np.zeros((B, H), x.dtype)
    outputs = []
    # Layers use zero_output_for_mask only with return_sequences.
    zeros = case.options["zero_output_for_mask"] and case.options["return_sequences"]
    for t in reversed(range(T)) if case.options["go_backwards"] else range(T):
        chosen = live[:, t, None]
        fresh = np.asarray(step(h, np.where(chosen, x[:, t], 0)))
        assert fresh.dtype == x.dtype
        h = np.where(chosen, fresh, h)
        output = np.where(chosen, fresh, 0 if zeros else output).astype(x.dtype)
        outputs.append(output)
    sequences = case.options["return_sequences"]
    case.tensors["expected/output"] = np.stack(outputs, 1) if sequences else output
    if case.options["return_state"]:
        case.tensors["expected/state/0"] = h


def turn_time_major(case):
    names = ["input", "mask"] + ["expected/output"] * case.options["return_sequences"]
    for name in names:
        if name in case.tensors:
            case.tensors[name] = np.swapaxes(case.tensors[name], 0, 1)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", default=os.path.join(here, "cases"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "highest")
    for name, flags, mask, masked, keys in CASES:
        set_flags = {flag: flag in flags.split() for flag in FLAGS}
        case = draw_case("mgu_" + name, set_flags, mask, masked, keys, arguments.seed)
        solve(case)
        if case.options["time_major"]:
            turn_time_major(case)
        write_case(case, arguments.cases, {"flax": flax.__version__, "jax": jax.__version__})


if __name__ == "__main__":
    main()
