"""mypy on the package, on the stub of its module, and on programs that use them."""

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
units: int = network.session(T=5, B=2).workspace_bytes + network.output_features
try:
    text: str = plan.explain()
except rondo.DeviceError as error:
    print(error)
"""


def mypy(folder, *arguments):
    """(whether it found nothing, what it printed)."""
    run = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), *arguments], cwd=folder,
                         capture_output=True, text=True, timeout=600, check=False, env={"MYPYPATH": mypy_path(), "PATH": ""})
    return run.returncode == 0, run.stdout + run.stderr


def mypy_path():
    """The folder of a package that is not installed; mypy finds an installed one itself, by its py.typed."""
    return "" if "site-packages" in PACKAGE.parts else str(PACKAGE.parent)


def test_the_package_and_its_stub(tmp_path):
    assert (PACKAGE / "py.typed").exists()
    clean, text = mypy(tmp_path, "--ignore-missing-imports", "--package", "rondo")
    assert clean, text


def test_a_program(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    clean, text = mypy(tmp_path, "--strict", str(program))
    assert clean, text


@pytest.mark.parametrize("wrong", ["rondo.Plan(3)", "rondo.zeros(3)", "rondo.no_such", "session.run(x)", "plan.explain(5)",
                                   "rondo.set_threads('one')"])
def test_a_wrong_program(wrong, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM + wrong + "\n")
    clean, text = mypy(tmp_path, str(program))
    assert not clean and f"program.py:{PROGRAM.count(chr(10)) + 1}: error" in text
