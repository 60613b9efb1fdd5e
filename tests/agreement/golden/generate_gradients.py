"""Makes all cases of gradients with TensorFlow; see README.md."""

import argparse
import os
from collections import Counter
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import numpy as np
import tensorflow as tf

from generator import gradient_reference, gradient_tensorflow
from generator.gradient_case import write_case
from generator.gradient_contradictions import explain
from generator.gradient_plan import gradient_cases

TOLERANCE = {"f32": 1e-4, "f64": 1e-9}


def difference(found, wanted):
    """The largest difference of the numbers that are finite in both, relative to the largest wanted number."""
    finite = np.isfinite(found)
    largest = np.abs(wanted).max(initial=0.0)
    worst = np.abs(found - wanted)[finite].max(initial=0.0)
    return worst / largest if largest else worst


def solve(case):
    """Adds the results: TensorFlow's, or the reference's where TensorFlow's are not. Returns the worst difference."""
    with np.errstate(all="ignore"):
        wanted = gradient_reference.gradients(case.cell, case.rules, case.tensors)
    assert all(np.isfinite(value).all() for value in wanted.values()), case.name
    found = gradient_tensorflow.solve(case)
    assert found.keys() == wanted.keys(), case.name
    assert all(found[name].shape == wanted[name].shape for name in wanted), case.name
    worst = {name: difference(found[name], wanted[name]) for name in wanted}
    for name, value in worst.items():
        assert value <= TOLERANCE[case.dtype], f"{case.name}: {name} differs by {value}"
    differing = [name for name, value in found.items() if not np.isfinite(value).all()]
    if differing:
        case.origin, case.documented = "documented", explain(case, found, differing)
        found = wanted
    case.tensors.update({name: np.asarray(value, case.float_type) for name, value in found.items()})
    return max(worst.values())


def print_counts(cases, worst):
    rows = Counter((case.run["function"], case.cell["kind"], case.origin, case.dtype) for case in cases)
    for (function, kind, origin, dtype), count in sorted(rows.items()):
        print(f"{function:12} {kind:12} {origin:11} {dtype} {count:4}")
    for text, count in sorted(Counter(case.documented for case in cases if case.documented).items()):
        print(f"{count:4}  {text}")
    for dtype in TOLERANCE:
        of_dtype = [(value, case.name) for case, value in zip(cases, worst) if case.dtype == dtype]
        print(f"worst difference of {dtype}: {max(of_dtype, default=(0.0, ''))}")
    print(f"{len(cases)} cases")


def main():
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=here / "gradient_cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missing", action="store_true", help="make missing files, and leave existing ones")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.compat.v1.logging.set_verbosity("ERROR")
    arguments.cases.mkdir(parents=True, exist_ok=True)
    there = {path.stem for path in arguments.cases.glob("*.safetensors")}
    for name in set() if arguments.missing else there:
        (arguments.cases / f"{name}.safetensors").unlink()
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    cases = list(gradient_cases(arguments.seed))
    assert len({case.name for case in cases}) == len(cases), "two cases have one name"
    if arguments.missing:
        cases = [case for case in cases if case.name not in there]
    worst = []
    for case in cases:
        worst.append(solve(case))
        write_case(case, arguments.cases, versions)
    print_counts(cases, worst)


if __name__ == "__main__":
    main()
