"""Folders of packages from PyPI that are made once and kept, for tests against other people's servers and runtimes."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

INSTALL_SECONDS = 600


def folder(name, variable):
    """Where the folder is, or will be: what the environment's `variable` says, or one of the user's cache."""
    named = os.environ.get(variable)
    if named:
        return pathlib.Path(named)
    cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    return pathlib.Path(cache) / 'rondo' / f'{name}-{version}'


def run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL,
                   stdout=sys.stderr)


def make_venv(into, *packages):
    """Makes an environment of Python with `packages`. Returns the beginning of a command that installs more."""
    run(sys.executable, '-m', 'venv', into)
    pip = [into / 'bin' / 'python', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    run(*pip, *packages)
    return pip


def make_once(into, packages, install):
    """Calls install(into), unless it was done with the same packages. Several processes may call this at once."""
    wanted = '\n'.join(packages) + '\n'
    done = into / 'made_with.txt'
    into.parent.mkdir(parents=True, exist_ok=True)
    with open(f'{into}.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text(encoding='utf-8') == wanted:
            return
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        install(into)
        done.write_text(wanted, encoding='utf-8')
