"""A Python with Ray and a client of Redis, from PyPI, in a folder that is made once; and the package of this checkout.

    python environment.py        makes both, and prints where they are

The folder is that of the variable RONDO_RAY_ENVIRONMENT, or one of the user's cache. It takes 700 MB. The package is
what scripts/wheel makes, unless the variable RONDO_RAY_PACKAGE names a folder that has one.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

PACKAGES = ['ray[serve]==2.60.0', 'redis==8.1.0', 'numpy==2.2.6']
INSTALL_SECONDS = 1200
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SOURCES = ('CMakeLists.txt', 'cmake', 'include', 'src', 'python/src', 'python/rondo', 'pyproject.toml')


def folder():
    named = os.environ.get('RONDO_RAY_ENVIRONMENT')
    if named:
        return pathlib.Path(named)
    cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    return pathlib.Path(cache) / 'rondo' / f'ray-{sys.version_info.major}.{sys.version_info.minor}'


def python():
    return folder() / 'bin' / 'python'


def package():
    """The folder that has the package `rondo`."""
    named = os.environ.get('RONDO_RAY_PACKAGE')
    return pathlib.Path(named) if named else ROOT / 'build' / 'ray' / 'package'


def redis_server():
    """The path of redis-server. Raises where it is not installed."""
    found = shutil.which('redis-server', path=os.environ.get('PATH', '') + ':/usr/bin:/usr/sbin')
    if found is None:
        raise FileNotFoundError('redis-server is not installed: scripts/setup installs it')
    return found


def _run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL,
                   stdout=sys.stderr)


def make():
    """Makes what is not there. Several processes may call this at once."""
    redis_server()
    folder().parent.mkdir(parents=True, exist_ok=True)
    with open(f'{folder()}.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make_python()
        if 'RONDO_RAY_PACKAGE' not in os.environ:
            _make_package()


def _make_python():
    wanted = '\n'.join(PACKAGES) + '\n'
    done = folder() / 'made_with.txt'
    if done.exists() and done.read_text(encoding='utf-8') == wanted:
        return
    shutil.rmtree(folder(), ignore_errors=True)
    _run(sys.executable, '-m', 'venv', folder())
    _run(python(), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', *PACKAGES)
    done.write_text(wanted, encoding='utf-8')


def _newest_source():
    paths = [path for name in SOURCES for path in (ROOT / name, *(ROOT / name).rglob('*'))]
    return max(path.stat().st_mtime for path in paths if path.is_file() and '__pycache__' not in path.parts)


def _make_package():
    wheels = sorted((ROOT / 'build' / 'wheel').glob('rondo-*.whl'))
    if not wheels or wheels[-1].stat().st_mtime < _newest_source():
        _run(ROOT / 'scripts' / 'wheel')
        wheels = sorted((ROOT / 'build' / 'wheel').glob('rondo-*.whl'))
    wheel, done = wheels[-1], package() / 'made_from.txt'
    made_from = f'{wheel.name} {wheel.stat().st_mtime_ns}\n'
    if done.exists() and done.read_text(encoding='utf-8') == made_from:
        return
    shutil.rmtree(package(), ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(package())
    done.write_text(made_from, encoding='utf-8')


def variables():
    """The environment of a program that starts a cluster, and of all of its processes."""
    path = os.pathsep.join([str(package()), str(HERE)])
    # Ray asks for a token, tells its makers of each start, gives a proxy 5 s to come up, and lets replicas run behind all
    # other programs (niceness 15), unless told otherwise.
    return {**os.environ, 'PYTHONPATH': path, 'PYTHONDONTWRITEBYTECODE': '1', 'RAY_AUTH_MODE': 'disabled',
            'RAY_USAGE_STATS_ENABLED': '0', 'RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S': '60',
            'RAY_worker_niceness': '0', 'OMP_NUM_THREADS': '1'}


def run(program, *arguments):
    """Replaces this process by a Python with Ray that runs `program`."""
    make()
    path = str(python())
    os.execve(path, [path, str(program), *arguments], variables())


if __name__ == '__main__':
    make()
    print(f'python {python()}\npackage {package()}')
