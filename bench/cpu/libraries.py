"""The libraries of the contest on the CPU, as far as they are installed here."""

import sys

from peers import OnnxRuntime, SharedObject
from torch_peer import OnednnInPyTorch, PyTorch

SHARED_OBJECTS = ("rondo_peer", "onednn_peer", "second_onednn_peer", "newest_onednn_peer")
MODULES = {"onnxruntime": OnnxRuntime, "pytorch": PyTorch, "onednn_in_pytorch": OnednnInPyTorch}
# oneDNN 3.6 refuses an LSTM's gradients as training asks for them, and the other two have none.
WITHOUT_TRAINING = ("newest_onednn_peer", "onnxruntime", "onednn_in_pytorch")


def loaders_of(folder, training=False):
    """{key: what loads the library}, Rondo first."""
    loaders = {name: lambda path=folder / f"{name}.so": SharedObject(str(path))
               for name in SHARED_OBJECTS if (folder / f"{name}.so").exists()}
    loaders |= MODULES
    return {key: load for key, load in loaders.items() if not training or key not in WITHOUT_TRAINING}


def load_libraries(folder, training):
    """{key: library} of all that there are."""
    libraries = {}
    for key, load in loaders_of(folder, training).items():
        try:
            libraries[key] = load()
        except ImportError as error:
            print(f"left out: {error}", file=sys.stderr)
    return libraries
