"""Runs a test with a Python that has ONNX Runtime, from PyPI.

    run.py                      makes the environment
    run.py TEST ARGUMENTS ...   runs TEST with it

The environment is the folder of the variable RONDO_ONNXRUNTIME_ENVIRONMENT, or one of the user's cache. It takes 150 MB.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / 'servers'))

import environments  # noqa: E402

PACKAGES = ['onnxruntime==1.32.0', 'onnx==1.23.2', 'numpy==2.2.6']

folder = environments.folder('onnxruntime', 'RONDO_ONNXRUNTIME_ENVIRONMENT')
environments.make_once(folder, PACKAGES, lambda into: environments.make_venv(into / 'venv', *PACKAGES))
if len(sys.argv) > 1:
    python = str(folder / 'venv' / 'bin' / 'python')
    os.execve(python, [python, *sys.argv[1:]], {**os.environ, 'PYTHONPATH': str(HERE), 'PYTHONDONTWRITEBYTECODE': '1'})
