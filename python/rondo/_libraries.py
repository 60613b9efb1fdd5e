"""Finds the libraries of CUDA that come from packages of PyPI, for a module that was built with CUDA."""

import ctypes
import importlib.util
import pathlib

_CUBLAS = "libcublasLt.so.13"


def load_cublas(error):
    """Loads cuBLASLt, without which the import of the module failed with `error`; raises an ImportError where it is not
    found."""
    nvidia = importlib.util.find_spec("nvidia")
    for folder in nvidia.submodule_search_locations if nvidia else ():
        for path in pathlib.Path(folder).glob(f"*/lib/{_CUBLAS}"):
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            return
    raise ImportError(f"rondo was built with CUDA, and {_CUBLAS} is not there: pip install 'rondo[cuda]'") from error
