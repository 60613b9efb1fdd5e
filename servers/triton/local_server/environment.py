"""A Triton Inference Server from PyPI, and a Python with its client, in a folder that is made once.

    python environment.py        makes both, and prints where they are

The folder is that of the variable RONDO_TRITON_ENVIRONMENT, or one of the user's cache. It takes 300 MB.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

SERVER = 'nvidia-pytriton==0.7.0'  # with Triton 2.51
CLIENT = ['tritonclient[grpc]==2.73.0', 'numpy==2.2.6']
INSTALL_SECONDS = 600


def folder():
    """Where server and client are, or will be."""
    named = os.environ.get('RONDO_TRITON_ENVIRONMENT')
    if named:
        return pathlib.Path(named)
    cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    return pathlib.Path(cache) / 'rondo' / f'triton-{version}'


def server_folder():
    return folder() / 'server'


def client_python():
    return folder() / 'client' / 'bin' / 'python'


def _run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL,
                   stdout=sys.stderr)


def _install(into):
    _run(sys.executable, '-m', 'venv', into / 'client')
    pip = [into / 'client' / 'bin' / 'python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    _run(*pip, *CLIENT)
    # Without what pytriton itself needs: the server alone is wanted.
    _run(*pip, '--no-deps', '--target', into / 'server', SERVER)


def make():
    """Makes the environment, unless it is there. Several processes may call this at once."""
    wanted = '\n'.join([SERVER, *CLIENT]) + '\n'
    done = folder() / 'made_with.txt'
    folder().parent.mkdir(parents=True, exist_ok=True)
    with open(f'{folder()}.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text(encoding='utf-8') == wanted:
            return
        shutil.rmtree(folder(), ignore_errors=True)
        folder().mkdir(parents=True)
        _install(folder())
        done.write_text(wanted, encoding='utf-8')


if __name__ == '__main__':
    make()
    print(f'server {server_folder()}\nclient {client_python()}')
