"""Makes all golden cases with TensorFlow; see README.md."""

import argparse
import os
from collections import Counter
from copy import copy
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import numpy as np
import tensorflow as tf

from generator import reference, run_tensorflow, tensorflow_resets, v1_reference, v1_tensorflow
from generator.case import FLOAT, write_case
from generator.contradictions import explain
from generator.conv_lstm_cases import conv_lstm_cases
from generator.dropout_cases import dropout_cases
from generator.hazards import hazard_cases
from generator.keras_cases import keras_cases
from generator.plan import sampled_cases
from generator.reset_cases import reset_cases
from generator.v1_cases import v1_cases
from generator.wide_cases import wide_cases

TOLERANCE = {"f32": 1e-5, "f64": 1e-10}
FAILURES = (ValueError, TypeError, IndexError, AttributeError, tf.errors.OpError)


def in_float64(case):
    """The case with its numbers rounded to the dtype and stored in float64."""
    wide = copy(case)
    wide.tensors = {
        name: value.astype(np.float64) if value.dtype == FLOAT[case.dtype] else value
        for name, value in case.tensors.items()
    }
    return wide


def attempt(compute, case):
    """(results, None), or (None, the error's class name)."""
    try:
        return compute(case), None
    except FAILURES as error:
        return None, type(error).__name__


def by_reference(case):
    return v1_reference.RUN.get(case.api, reference.expected_tensors)(case)


def by_tensorflow(case):
    module = v1_tensorflow if case.api.startswith("v1.") else run_tensorflow
    module = tensorflow_resets if tensorflow_resets.uses_resets(case) else module
    return module.expected_tensors(case)


def same(found, wanted, tolerance):
    if found.keys() != wanted.keys():
        return False
    for name, value in wanted.items():
        if found[name].shape != value.shape:
            return False
        limit = tolerance * np.abs(value).max(initial=0.0)
        if not np.all(np.abs(found[name] - value) <= limit):
            return False
    return True


def solve(case):
    """Adds the expected tensors: TensorFlow's where they agree with the documentation, otherwise the reference's."""
    with np.errstate(all="ignore"):
        wanted = None if case.raises else by_reference(in_float64(case))
    # Functions that no TensorFlow can run any more are computed by the reference alone.
    found, error = (wanted, None) if case.origin == "model" else attempt(by_tensorflow, case)
    if case.raises:
        _, reference_error = attempt(by_reference, in_float64(case))
        assert reference_error == case.raises, case.name
        agree = error == case.raises
    else:
        assert all(np.isfinite(value).all() for value in wanted.values()), case.name
        agree = found is not None and same(found, wanted, TOLERANCE[case.dtype])
    if not agree:
        case.origin = "documented"
        case.documented = explain(case, error)
        found = wanted
    for name, value in (found or {}).items():
        case.tensors[name] = np.asarray(value, FLOAT[case.dtype])


def print_counts(cases):
    def kind(case):
        if "fw" in case.spec:
            return "both directions"
        layer = case.spec.get("class")
        return layer + " of " + str(len(case.spec["cells"])) if "cells" in case.spec else layer or case.spec["function"]

    rows = Counter((case.api, kind(case), case.origin, case.dtype) for case in cases)
    for (api, name, origin, dtype), count in sorted(rows.items()):
        print(f"{api:28} {name:18} {origin:11} {dtype} {count:4}")
    for text, count in sorted(Counter(case.documented for case in cases if case.documented).items()):
        print(f"{count:4}  {text}")
    print(f"{len(cases)} cases")


def main():
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=here / "cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missing", action="store_true", help="make missing files, and leave existing ones")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    arguments.cases.mkdir(parents=True, exist_ok=True)
    there = {path.stem for path in arguments.cases.glob("*.safetensors")}
    for name in set() if arguments.missing else there:
        (arguments.cases / f"{name}.safetensors").unlink()
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    cases = [*sampled_cases(arguments.seed), *hazard_cases(arguments.seed), *v1_cases(arguments.seed),
             *keras_cases(arguments.seed), *dropout_cases(arguments.seed),
             *conv_lstm_cases(arguments.seed), *wide_cases(arguments.seed),
             *reset_cases(arguments.seed)]
    assert len({case.name for case in cases}) == len(cases), "two cases have one name"
    if arguments.missing:
        cases = [case for case in cases if case.name not in there]
    for case in cases:
        solve(case)
        write_case(case, arguments.cases, versions)
    print_counts(cases)


if __name__ == "__main__":
    main()
