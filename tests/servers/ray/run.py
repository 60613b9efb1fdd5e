"""Runs a test with the Python that has Ray.

    run.py                      makes the environment
    run.py TEST ARGUMENTS ...   runs TEST with it
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / 'servers' / 'ray' / 'local_cluster'))

import environment  # noqa: E402

if len(sys.argv) > 1:
    environment.run(*sys.argv[1:])
environment.make()
