"""Runs a test with the Python that has the server's client.

    run.py                      makes the environment
    run.py TEST ARGUMENTS ...   runs TEST with it
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
LOCAL_SERVER = HERE.parent.parent / 'servers' / 'triton' / 'local_server'
sys.path.insert(0, str(LOCAL_SERVER))

import environment  # noqa: E402

environment.make()
if len(sys.argv) > 1:
    python = str(environment.client_python())
    path = os.pathsep.join([str(LOCAL_SERVER), str(HERE)])
    os.execve(python, [python, *sys.argv[1:]], {**os.environ, 'PYTHONPATH': path, 'PYTHONDONTWRITEBYTECODE': '1'})
