#!/usr/bin/env python3
"""Configures Rondo without any of the formats that need a library, and looks at what would be built and installed.

    check_left_out.py CMAKE COMPILER SOURCE WORK

Where pkg-config finds Highway alone, the configuration must succeed. No rule of the build may name another library, and
the public headers must compile, all but those of the formats that are left out.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

LIBRARIES = re.compile(r"hdf5|libzip|-lzip|protobuf|protoc\b|onnx(?!_absent)|/keras/keras_model", re.IGNORECASE)
LEFT_OUT = ["formats/keras_layer.h", "formats/keras_model.h", "formats/keras_registry.h", "formats/numpy_file.h",
            "formats/onnx_model.h", "formats/tf1_weights.h", "models/model.h"]
PROGRAM = """#include <rondo/rondo.h>
#if RONDO_HAS_KERAS || RONDO_HAS_NUMPY || RONDO_HAS_ONNX
#error "a format that was left out is there"
#endif
rondo::Tensor run(rondo::LSTM& lstm, const rondo::Safetensors& file) { return lstm(file.tensor("x")).output; }
"""


def configure(cmake, compiler, source, work):
    """Configures in WORK/build with a pkg-config that knows of nothing but Highway."""
    alone = work / "pkgconfig"
    alone.mkdir()
    folder = subprocess.run(["pkg-config", "--variable=pcfiledir", "libhwy"], capture_output=True, text=True, check=True)
    shutil.copy(pathlib.Path(folder.stdout.strip()) / "libhwy.pc", alone)
    options = {"CMAKE_CXX_COMPILER": compiler, "RONDO_FORMATS": "", "RONDO_CUDA": "OFF", "RONDO_TESTS": "OFF",
               "RONDO_BENCH": "OFF", "RONDO_EXAMPLES": "OFF"}
    subprocess.run([cmake, "-S", source, "-B", work / "build", "-G", "Ninja", *(f"-D{k}={v}" for k, v in options.items())],
                   env={**os.environ, "PKG_CONFIG_LIBDIR": str(alone), "PKG_CONFIG_PATH": ""}, check=True)


def compile_alone(compiler, source, work, text):
    """Whether a source compiles against the headers of the configured build, and what the compiler says."""
    path = work / "program.cpp"
    path.write_text(text)
    ran = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{work}/build/include", f"-I{source}/include", path],
                         capture_output=True, text=True, check=False)
    return ran.returncode == 0, ran.stderr


def complaints(compiler, source, work):
    rules = (work / "build" / "build.ninja").read_text().replace(str(work), "").replace(source, "")
    for line in rules.splitlines():
        if LIBRARIES.search(line) and ".cmake" not in line:
            yield f"a rule of the build has: {line.strip()[:200]}"
    for name in ("rondo.pc", "rondo-config.cmake"):
        text = re.sub(r"#.*|if\(.*|string\(REPLACE.*", "", (work / "build" / name).read_text())
        if LIBRARIES.search(text):
            yield f"{name} names a library of a format that was left out"
    compiles, said = compile_alone(compiler, source, work, PROGRAM)
    if not compiles:
        yield f"<rondo/rondo.h> does not compile: {said}"
    for name in LEFT_OUT:
        compiles, said = compile_alone(compiler, source, work, f"#include <rondo/{name}>\n")
        if compiles or "RONDO_FORMATS" not in said:
            yield f"<rondo/{name}> does not say that it was left out: {said}"


def main(cmake, compiler, source, work):
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    configure(cmake, compiler, source, work)
    found = list(complaints(compiler, source, work))
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
