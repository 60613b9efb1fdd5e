"""The programs that a check runs: built here, or taken from a package of scripts/gpu-package."""

import glob
import importlib.util
import os
import pathlib
import subprocess
import sys
import tarfile

from . import device
from .process import output_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ARCHIVES = (".tar.gz", ".tar.xz")
BUILT = {"first_light": "tests/device/first_light", "parity_test": "tests/agreement/parity", "golden_test": "tests/agreement/golden",
         "rondo_bench": "bench", "rondo_micro": "bench"}


class WrongCall(Exception):
    """A wrong argument. The message says what was given and what was expected."""


class Programs:
    """The paths of the programs and of the goldens, their commit, and the environment that they run in."""

    def __init__(self, places, cases, commit, libraries=()):
        for place in places.values():
            if not os.access(place, os.X_OK):
                raise WrongCall(f"no program {place}")
        self.places = places
        self.cases = cases
        self.commit = commit
        paths = [*libraries, *os.environ.get("LD_LIBRARY_PATH", "").split(":"), *_python_libraries()]
        self.environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(str(path) for path in paths if path)}

    def __getitem__(self, name):
        return str(self.places[name])


def build():
    """Builds the programs with the preset cuda."""
    subprocess.run(["cmake", "--preset", "cuda", "-DRONDO_BENCH=ON"], cwd=ROOT, check=True)
    subprocess.run(["cmake", "--build", "--preset", "cuda", "--parallel", str(os.cpu_count()), "--target", *BUILT], cwd=ROOT,
                   check=True)
    commit = output_of(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], 10)[1].strip() or "unknown"
    return Programs({name: ROOT / "build" / "cuda" / folder / name for name, folder in BUILT.items()},
                    ROOT / "tests" / "agreement" / "golden" / "cases", commit)


def from_package(package, unpacked):
    """Takes the programs from a folder, or from an archive, which is unpacked into the folder `unpacked`."""
    if package.name.endswith(ARCHIVES) and package.is_file():
        with tarfile.open(package) as archive:
            archive.extractall(unpacked)
        package = unpacked
    package = package.absolute()
    if not package.is_dir():
        raise WrongCall(f"--prebuilt: got {package}, expected a folder or one of its archives ({', '.join(ARCHIVES)})")
    _check_architecture(_first_word(package / "architecture", ""))
    return Programs({name: package / name for name in BUILT}, package / "cases", _first_word(package / "commit", "unknown"),
                    [package])


def _check_architecture(architecture):
    capability = device.compute_capability()
    if architecture and capability and not device.runs_on(architecture, capability):
        major, minor = capability
        raise WrongCall(f"--prebuilt: got programs for architecture {architecture}, expected what runs on this GPU of "
                        f"compute capability {major}.{minor}: scripts/gpu-package FILE {major}{minor}")


def _first_word(path, otherwise):
    try:
        return path.read_text().split()[0]
    except (OSError, IndexError):
        return otherwise


def _python_libraries():
    """The folders of NVIDIA's libraries in Python packages, which the loader does not search."""
    try:
        spec = importlib.util.find_spec("nvidia")
    except (ImportError, ValueError):
        spec = None
    roots = list(spec.submodule_search_locations or []) if spec else []
    folders = [folder for root in roots for folder in glob.glob(f"{root}/*/lib")]
    return sorted(folder for folder in folders if glob.glob(f"{folder}/lib*.so*"))


def say(error):
    print(f"gpu-check: {error}", file=sys.stderr)
