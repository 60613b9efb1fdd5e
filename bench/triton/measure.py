"""Steps a second of a real server on this machine: Rondo's backend beside a Python backend that calls onnxruntime.

    python3 bench/triton/measure.py build/cpu/triton/rondo/libtriton_rondo.so [--seconds 5] [--rounds 3]

Both serve an LSTM of 40 inputs and 128 units to 48 gRPC streams of one client, each with one request under way. Needs Python 3.11
with its shared library, for which the server has a Python backend. Installs onnxruntime and onnx into a folder of the cache.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'servers' / 'triton' / 'local_server'))

import environment  # noqa: E402

PACKAGES = ['onnxruntime==1.23.2', 'onnx==1.19.1', 'numpy==2.2.6']


def main():
    environment.make()
    python = environment.client_python()
    packages = environment.folder().parent / f'{environment.folder().name}-onnxruntime'
    if not packages.exists():
        with tempfile.TemporaryDirectory(dir=packages.parent) as folder:
            made = pathlib.Path(folder) / 'packages'
            subprocess.run([python, '-m', 'pip', 'install', '--quiet', '--target', made, *PACKAGES], check=True,
                           timeout=environment.INSTALL_SECONDS)
            made.rename(packages)  # all of them or none
    here = pathlib.Path(__file__).resolve().parent
    path = os.pathsep.join(map(str, [packages, here, environment.__file__.rpartition('/')[0], ROOT / 'tests' / 'servers']))
    os.execve(python, [str(python), str(here / 'compare.py'), *sys.argv[1:]], {**os.environ, 'PYTHONPATH': path})


if __name__ == '__main__':
    main()
