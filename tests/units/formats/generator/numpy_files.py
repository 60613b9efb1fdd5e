"""Writes `.npz` and `.npy` files by NumPy, with equal arrays as far as their dtypes permit."""

import pathlib
import zipfile

import numpy as np

NUMBERS = np.arange(-3, 9).reshape(3, 4)
DTYPES = {"f2": "<f2", "f4": "<f4", "f8": "<f8", "i4": "<i4", "i8": "<i8", "b1": "|b1"}


def arrays():
    found = {name: (NUMBERS % 2 == 0 if name == "b1" else NUMBERS.astype(descr)) for name, descr in DTYPES.items()}
    found["fortran"] = np.asfortranarray(NUMBERS.astype("<f4"))
    found["fortran_deep"] = np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4))
    found["scalar"] = np.float64(2.5)
    found["empty"] = np.zeros((0, 3), "<f4")
    found["vector"] = np.array([1, 2, 3], "<i8")
    found["rnn/cell/kernel:0"] = np.array([[0.5]], "<f4")
    return found


def generate(directory):
    directory = pathlib.Path(directory)
    np.savez(directory / "stored.npz", **arrays())
    np.savez_compressed(directory / "deflated.npz", **arrays())
    for version in ((1, 0), (2, 0), (3, 0)):
        with open(directory / f"version_{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, NUMBERS.astype("<f8"), version=version)
    for path in directory.glob("*.npz"):
        fix_times(path)


def fix_times(path):
    """Replaces the times in an archive, which would change its bytes in every run."""
    with zipfile.ZipFile(path) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for info, data in entries:
            info.date_time = (1980, 1, 1, 0, 0, 0)
            archive.writestr(info, data, compress_type=info.compress_type)
