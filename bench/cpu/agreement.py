"""Whether runs are right: against double precision, and against one another."""

import sys

import numpy as np

from exact import exact_outputs

GRADIENT_TOLERANCE = 1e-4


def gradients_of(run):
    return getattr(run, "gradients", {})


def check_equal(where, name, run, expected, tolerance):
    """Ends the program unless a run has the outputs and gradients of the run `expected`."""
    tensors = lambda run: {"y": run.y, **{f"gradient of {name}": value for name, value in gradients_of(run).items()}}
    own = tensors(run)
    for tensor, values in tensors(expected).items():
        difference = float(np.abs(own[tensor] - values).max())
        if not difference <= tolerance * float(np.abs(values).max()):
            sys.exit(f"{where}: {tensor} of {name} is {difference} apart, where the largest is {np.abs(values).max()}")


def checked_errors(where, problem, runs, most_error):
    """{name: relative error of y} of runs, which all run once. Ends the program where one is too large, or gradients differ."""
    exact, errors, own = exact_outputs(problem), {}, next(iter(runs.values()))
    for name, run in runs.items():
        run.run(1)
        errors[name] = float(np.linalg.norm(np.asarray(run.y) - exact) / np.linalg.norm(exact))
        if not errors[name] <= most_error:
            sys.exit(f"{where}: y of {name} has a relative error of {errors[name]}, more than {most_error}")
        if gradients_of(run):
            check_equal(where, name, run, own, GRADIENT_TOLERANCE)
    return errors
