"""A Triton Inference Server from PyPI, and a Python with its client, in a folder that is made once.

    python environment.py        makes both, and prints where they are

The folder is that of the variable RONDO_TRITON_ENVIRONMENT, or one of the user's cache. It takes 300 MB.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import environments  # noqa: E402

SERVER = 'nvidia-pytriton==0.7.0'  # with Triton 2.51
INSTALL_SECONDS = environments.INSTALL_SECONDS
CLIENT = ['tritonclient[grpc]==2.73.0', 'numpy==2.2.6']


def folder():
    """Where server and client are, or will be."""
    return environments.folder('triton', 'RONDO_TRITON_ENVIRONMENT')


def server_folder():
    return folder() / 'server'


def client_python():
    return folder() / 'client' / 'bin' / 'python'


def _install(into):
    pip = environments.make_venv(into / 'client', *CLIENT)
    # Without what pytriton itself needs: the server alone is wanted.
    environments.run(*pip, '--no-deps', '--target', into / 'server', SERVER)


def make():
    """Makes the environment, unless it is there. Several processes may call this at once."""
    environments.make_once(folder(), [SERVER, *CLIENT], _install)


if __name__ == '__main__':
    make()
    print(f'server {server_folder()}\nclient {client_python()}')
