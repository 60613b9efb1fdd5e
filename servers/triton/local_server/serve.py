"""Becomes a server of a model repository on loopback: HTTP on port 8000, gRPC on 8001, metrics on 8002.

    serve.py BACKEND REPOSITORY [OPTIONS OF TRITONSERVER ...]
"""

import os
import pathlib
import sys

import environment
import server


def main(backend, repository, *options):
    environment.make()
    command = server.command(backend, repository, 8000, 8001, 8002, options)
    os.execve(command[0], command, server.variables())


if __name__ == '__main__':
    if len(sys.argv) < 3 or not pathlib.Path(sys.argv[2]).is_dir():
        sys.exit(__doc__)
    main(*sys.argv[1:])
