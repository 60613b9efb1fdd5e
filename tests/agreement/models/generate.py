"""Writes the goldens of whole models: python generate.py cases (with the Keras of this Python).

Each archive keras<N>_<k>.zip has models as Keras saved them, and for each a <model>.safetensors with inputs and
expected outputs. The same Keras and the same seeds write the same models.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tensorflow

from generator import archive, attention_models, data, graphs
from generator.kit import Kit

MODELS = 150
MODELS_OF_AN_ARCHIVE = 15
KINDS = [["tokens"], ["sequence"], ["sequence", "tokens"], ["sequence", "vector"], ["sequence", "sequence"]]


def build(number, attempt, counts):
    """The kit and the model of a number; another one for another attempt."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(number)
    kit = Kit(keras, np.random.default_rng([number, attempt]), stateful=number % 10 == 7)
    if number % 10 in (0, 5) or number % 20 == 7:
        return kit, "Sequential", graphs.sequential_model(kit, counts, int(kit.rng.integers(3, 6)))
    kinds = KINDS[int(kit.rng.integers(len(KINDS)))]
    steps = int(kit.rng.integers(4, 8))
    return kit, "Functional", graphs.functional_model(kit, counts, steps, kinds, shared=number % 10 in (3, 8))


def attempt_model(number, attempt, counts):
    seen = dict(counts)
    kit, kind, model = build(number, attempt, seen)
    kit.empty_rows = "GlobalAveragePooling1D" not in model.to_json()
    data.draw_weights(model, kit.rng)
    calls = data.draw_calls(kit)
    expected = data.answers(kit, model, calls)
    if not data.is_well_conditioned(kit, model, calls, expected):
        return None
    added = {pair: seen[pair] - counts.get(pair, 0) for pair in seen if seen[pair] != counts.get(pair, 0)}
    counts.update(seen)
    return archive.Golden(kit, model, kind, calls, expected, added)


def golden_model(number, counts):
    reasons = []
    for attempt in range(20):
        try:
            golden = attempt_model(number, attempt, counts)
        except (ValueError, TypeError, IndexError, tensorflow.errors.OpError) as error:  # what Keras itself cannot do, such as merging masks of other shapes
            reasons.append(str(error)[:200])
            continue
        if golden is not None:
            return golden, reasons
    raise RuntimeError(f"no model {number}: {reasons}")


def attention_golden(number):
    """A golden of a model that is written out; its weights and inputs are drawn."""
    for attempt in range(20):
        keras.backend.clear_session()
        keras.utils.set_random_seed(number)
        kit = Kit(keras, np.random.default_rng([MODELS + number, attempt]))
        model = attention_models.MODELS[number](kit)
        kit.empty_rows = "GlobalAveragePooling1D" not in model.to_json()
        data.draw_weights(model, kit.rng)
        calls = data.draw_calls(kit)
        expected = data.answers(kit, model, calls)
        if data.is_well_conditioned(kit, model, calls, expected):
            return archive.Golden(kit, model, "Functional", calls, expected, {})
    raise RuntimeError(f"no inputs for {attention_models.MODELS[number].__name__}")


def write_attention_models(folder, version):
    goldens = []
    for number, function in enumerate(attention_models.MODELS):
        goldens.append((f"keras{version}_{function.__name__}", attention_golden(number)))
    archive.write(folder / f"keras{version}_attention.zip", goldens)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--models", type=int, default=MODELS)
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    version, counts = keras.__version__.split(".")[0], {}
    for first in range(0, options.models, MODELS_OF_AN_ARCHIVE):
        goldens = []
        for number in range(first, min(first + MODELS_OF_AN_ARCHIVE, options.models)):
            golden, reasons = golden_model(number, counts)
            goldens.append((f"keras{version}_{number:03}", golden))
            for reason in reasons:
                print(number, reason, file=sys.stderr)
        archive.write(options.folder / f"keras{version}_{first // MODELS_OF_AN_ARCHIVE:02}.zip", goldens)
    write_attention_models(options.folder, version)
    table = {}
    for (name, masked), times in counts.items():
        table.setdefault(name, [0, 0])[int(masked)] = times
    print(json.dumps(table, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
