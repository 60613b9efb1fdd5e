"""Finds the libraries of CUDA that come from packages of PyPI, for a module that was built with CUDA."""

import ctypes
import importlib.util
import pathlib

LIBRARIES = ("libcublasLt.so.13", "libcudnn.so.9")


def load_libraries():
    """Loads the libraries that packages of PyPI have, and returns the names of those that it has found."""
    nvidia = importlib.util.find_spec("nvidia")
    found = []
    for name in LIBRARIES:
        for folder in nvidia.submodule_search_locations if nvidia else ():
            for path in pathlib.Path(folder).glob(f"*/lib/{name}"):
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
                found.append(name)
    return found
