"""mypy on the package, on the stub of its module, and on programs that use them."""

import os
import pathlib
import subprocess
import sys

import pytest

import rondo

pytest.importorskip("mypy")
PACKAGE = pathlib.Path(rondo.__file__).parent
if not (PACKAGE / "_rondo.pyi").exists():
    pytest.skip("the stub is made with a wheel", allow_module_level=True)
PROGRAM = """
import numpy
import rondo

cell = rondo.CellSpec("gru", 4)
plan = rondo.Plan(rondo.RecurrenceSpec(cell, T=5, B=2, I=3))
weights = [numpy.full(shape, 0.1, "float32") for shape in ((3, 12), (4, 12), (2, 12))]
session = rondo.Session(plan, [rondo.as_tensor(array) for array in weights])
x = rondo.as_tensor(numpy.ones((5, 2, 3), "float32"))
session.run(rondo.SessionTensors(x, y=rondo.zeros((5, 2, 4))))
stalled: bool = session.finish()
file: rondo.Safetensors = rondo.load_safetensors("stack.safetensors")
network = rondo.pytorch_network(file, "lstm", prefix="module.")
answer = rondo.keras.load("forecast.keras")
pool = rondo.StatePool(network, slots=2, max_rows=1)
y = pool.run([rondo.StreamChunk(pool.open(), 2, end=True)], x)
with rondo.StreamBatcher(pool, max_delay=0.001) as batcher:
    request: rondo.StreamAnswer = batcher.submit("caller", x, start=True)
    waiting: int = batcher.metrics().waiting
units: int = network.session(T=5, B=2).workspace_bytes + network.output_features
try:
    text: str = plan.explain()
except rondo.DeviceError as error:
    print(error)
"""


# The stub of a package that is not installed is checked as the program is, and has lists of anything.
STRICT = ["--strict", "--allow-any-generics", "--allow-untyped-defs", "--allow-incomplete-defs"]
WRONG = [
    "rondo.Plan(3)",
    "rondo.zeros(3)",
    "rondo.no_such_thing",
    "session.run(x)",
    "plan.explain(5)",
    "rondo.set_threads('one')",
]


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """A function of mypy's arguments: what it says, with nothing but "Success" where it finds nothing."""
    folder = tmp_path_factory.mktemp("mypy")
    # mypy finds an installed package itself, by its py.typed.
    path = "" if "site-packages" in PACKAGE.parts else str(PACKAGE.parent)

    def run(program, *arguments):
        (folder / "program.py").write_text(program)
        command = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), "--ignore-missing-imports",
                   "--no-error-summary", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1200, check=False,
                              env={**os.environ, "MYPYPATH": path}).stdout

    return run


def test_the_package_and_its_stub(mypy):
    assert (PACKAGE / "py.typed").exists()
    assert mypy("", "--package", "rondo") == ""


def test_programs(mypy):
    assert mypy(PROGRAM, "--follow-imports", "silent", *STRICT, "program.py") == ""
    said = mypy(PROGRAM + "\n".join(WRONG), "--follow-imports", "silent", "program.py")
    first = PROGRAM.count("\n") + 1
    assert [int(line.split(":")[1]) for line in said.splitlines() if ": error: " in line] == [
        first + k for k in range(len(WRONG))], said
