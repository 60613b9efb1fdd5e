"""What the readers of files have in common: packages that may be missing, errors, and the first bytes of a file."""

import importlib
import os


def import_extra(package, extra):
    """The module `package`. Raises ImportError, naming the extra that installs it, where it is missing."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"{package}: cannot be imported, and is needed here: pip install rondo[{extra}]") from error


def refusal(where, came, expected):
    """The error that Rondo's C++ code raises: where, what came, and what was expected."""
    return ValueError(f"{where}: got {came}, expected {expected}")


def checked_path(path):
    """The name of a regular file. Raises ValueError where `path` is none: a directory or a device can be opened like a
    file, but reading it fails or never ends."""
    name = os.fsdecode(path)
    if not os.path.exists(name):
        raise refusal(name, "no such file", "a file")
    if os.path.isdir(name):
        raise refusal(name, "a directory", "a file")
    if not os.path.isfile(name):
        raise refusal(name, "a special file", "a regular file")
    return name


def read_start(name, count):
    """The first `count` bytes of a file, or all if it has fewer."""
    try:
        with open(name, "rb") as file:
            return file.read(count)
    except OSError as error:
        raise refusal(name, "a file that cannot be opened", "a readable file") from error
