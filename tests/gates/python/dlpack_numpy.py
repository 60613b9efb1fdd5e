"""Exchanges tensors with NumPy through DLPack, both ways and in both forms of the struct, without a copy.

Usage: dlpack_numpy.py LIBRARY, the shared library of dlpack_numpy.cpp.
"""

import ctypes
import gc
import sys

import numpy as np

rondo = ctypes.CDLL(sys.argv[1])
for name in ("export_legacy", "export_versioned", "own_data", "imported_data"):
    getattr(rondo, name).restype = ctypes.c_void_p
rondo.own_users.restype = ctypes.c_long
rondo.imported_at.restype = ctypes.c_double
for name in ("import_legacy", "import_versioned"):
    getattr(rondo, name).argtypes = [ctypes.c_void_p]
    getattr(rondo, name).restype = None
rondo.set_imported_at.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_double]

python = ctypes.pythonapi
python.PyCapsule_New.restype = ctypes.py_object
python.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
python.PyCapsule_GetPointer.restype = ctypes.c_void_p
python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
python.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]

# A capsule keeps the pointer to its name, so the names live as long as the program.
NAMES = {"legacy": b"dltensor", "versioned": b"dltensor_versioned"}
USED = {"legacy": b"used_dltensor", "versioned": b"used_dltensor_versioned"}


class Exporter:
    """An object for np.from_dlpack: Rondo's tensor in a capsule of the given form."""

    def __init__(self, form):
        self.form = form

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **_):
        return python.PyCapsule_New(getattr(rondo, "export_" + self.form)(), NAMES[self.form], None)


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def rondo_to_numpy(form):
    before = rondo.own_users()
    array = np.from_dlpack(Exporter(form))
    check(array.dtype == np.float32 and array.shape == (3, 2), f"{form}: float32 (3, 2), not {array.dtype} {array.shape}")
    check(array.tolist() == [[0, 3], [1, 4], [2, 5]], f"{form}: elements {array.tolist()}")
    check(array.ctypes.data == rondo.own_data(), f"{form}: NumPy looks at Rondo's memory")
    check(rondo.own_users() == before + 1, f"{form}: the array keeps the storage alive")
    ctypes.cast(rondo.own_data(), ctypes.POINTER(ctypes.c_float))[3] = 33
    check(array[0, 1] == 33, f"{form}: NumPy sees what Rondo's side writes")
    ctypes.cast(rondo.own_data(), ctypes.POINTER(ctypes.c_float))[3] = 3
    del array
    gc.collect()
    check(rondo.own_users() == before, f"{form}: the array gives the storage back")


def numpy_to_rondo(form):
    array = np.arange(24, dtype=np.float64).reshape(4, 6)[::2, 1::2]  # (2, 3) with gaps
    before = sys.getrefcount(array)
    capsule = array.__dlpack__() if form == "legacy" else array.__dlpack__(max_version=(1, 0))
    managed = python.PyCapsule_GetPointer(capsule, NAMES[form])
    getattr(rondo, "import_" + form)(managed)
    python.PyCapsule_SetName(capsule, USED[form])
    del capsule
    check(rondo.imported_data() == array.ctypes.data, f"{form}: Rondo looks at NumPy's memory")
    seen = [[rondo.imported_at(i, j) for j in range(3)] for i in range(2)]
    check(seen == array.tolist(), f"{form}: elements {seen}")
    rondo.set_imported_at(1, 2, -1)
    check(array[1, 2] == -1, f"{form}: NumPy sees what Rondo writes")
    check(sys.getrefcount(array) > before, f"{form}: the tensor keeps the array alive")
    rondo.drop_imported()
    gc.collect()
    check(sys.getrefcount(array) == before, f"{form}: the tensor gives the array back")


for form in NAMES:
    rondo_to_numpy(form)
    numpy_to_rondo(form)
print(f"NumPy {np.__version__}: both ways, legacy and versioned, no copy")
