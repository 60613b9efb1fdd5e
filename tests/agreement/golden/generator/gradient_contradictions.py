"""The known places where TensorFlow 2.15's gradients do not fit its own results. No other difference is accepted."""

import numpy as np

NOT_A_NUMBER = (
    "TensorFlow's gradients are NaN where a masked step of x is {}, which its results discard. "
    "Followed: a masked step has no part in any result, so it has none in any gradient.")


def masked_values(case):
    """The values of x at steps that are not live."""
    x = case.tensors["x"]
    live = case.tensors.get("mask", np.ones(x.shape[:2], bool))
    if "lengths" in case.tensors:
        live = live & (np.arange(len(x))[:, None] < case.tensors["lengths"])
    return x[~live]


def explain(case, found, differing):
    """The sentence for a case whose tensors named `differing` differ; raises if the difference is not a known one."""
    values = masked_values(case)
    known = all(name.startswith("gradient/") and not np.isfinite(found[name]).all() for name in differing)
    if known and not np.isfinite(values).all():
        return NOT_A_NUMBER.format("not finite")
    if known and np.abs(values).max(initial=0.0) > 1e30:
        return NOT_A_NUMBER.format("so large that a product with it overflows")
    raise AssertionError(f"{case.name}: TensorFlow and the reference differ in {', '.join(differing)}")
