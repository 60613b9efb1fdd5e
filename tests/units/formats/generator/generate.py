"""Makes the goldens of file formats and weight layouts, with equal bits in every run on one machine.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python generate.py onnx pytorch names packed gradients numpy [--goldens DIR] [--seed N]
    python -m venv venv-tf1 && venv-tf1/bin/pip install -r requirements_tf1.txt
    venv-tf1/bin/python generate.py tf1

Each set is made again as a whole, and no other file is touched: `packed` is pytorch_packed_*, `names` is
pytorch_names_*, `gradients` is pytorch_gradient_*, which tests/agreement/golden runs and describes, `pytorch` the other files of PyTorch.

A golden is a safetensors file whose metadata have one key, `case`: a JSON object with `name`, `origin` (onnx, pytorch or
tf1) and further fields that the modules of this folder define. The tensors of a golden:

    onnx      model (the bytes of a model file as int32; `model_bytes` says how many), X, sequence_lens, initial_h,
              initial_c, expected/{Y,Y_h,Y_c}
    pytorch   module.<name> of the state dictionary, x, lengths, initial/{h_n,c_n}, expected/{output,h_n,c_n}
    names     as of pytorch, of modules whose state dictionaries have other names
    packed    as of pytorch, but x (N, I) and expected/output (N, features) are the data of PackedSequences, with
              batch_sizes (T) and, if the module sorted the rows, row_indices (B); states are in the caller's order
    tf1       the variables by their names, x (B, T, I), lengths, expected/{output,h,c}
"""

import argparse
import importlib
import pathlib

parser = argparse.ArgumentParser()
parser.add_argument("sets", nargs="+", choices=["onnx", "pytorch", "names", "packed", "gradients", "numpy", "tf1"])
parser.add_argument("--goldens", type=pathlib.Path)
parser.add_argument("--seed", default=20240, type=int)
arguments = parser.parse_args()


FORMATS = pathlib.Path(__file__).resolve().parent.parent
GRADIENTS = FORMATS.parent.parent / "agreement" / "golden" / "torch_gradient_cases"
PREFIXES = {"pytorch_packed_": "packed", "pytorch_names_": "names", "pytorch_gradient_": "gradients"}


def set_of(path):
    """The set that a golden belongs to."""
    of_prefix = [chosen for prefix, chosen in PREFIXES.items() if path.name.startswith(prefix)]
    return of_prefix[0] if of_prefix else path.name.partition("_")[0]


for chosen in arguments.sets:
    directory = arguments.goldens or (GRADIENTS if chosen == "gradients" else FORMATS / "goldens")
    if chosen == "numpy":
        importlib.import_module("numpy_files").generate(directory)
        continue
    for old in directory.glob("*.safetensors"):
        if set_of(old) == chosen:
            old.unlink()
    importlib.import_module(f"{chosen}_cases").generate(directory, arguments.seed)
