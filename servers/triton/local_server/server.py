"""A real server on this machine's loopback, for as long as a `with` block runs."""

import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import environment

READY_SECONDS = 60
STOP_SECONDS = 20


def write_model(repository, name, config, file=None, version=1):
    """Adds a model to a repository: config.pbtxt as text, and a copy of its file."""
    model = pathlib.Path(repository) / name
    (model / str(version)).mkdir(parents=True)
    (model / 'config.pbtxt').write_text(config, encoding='utf-8')
    if file is not None:
        shutil.copy(file, model / str(version))


def _free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def command(backend, repository, http_port, grpc_port, metrics_port, options=()):
    """The words that start a server with `backend`, a libtriton_rondo.so in a folder named rondo."""
    program = environment.server_folder() / 'pytriton' / 'tritonserver' / 'bin' / 'tritonserver'
    words = [program, f'--model-repository={repository}',
             f'--backend-directory={pathlib.Path(backend).resolve().parent.parent}',
             '--http-address=127.0.0.1', f'--http-port={http_port}', '--grpc-address=127.0.0.1', f'--grpc-port={grpc_port}',
             '--metrics-address=127.0.0.1', f'--metrics-port={metrics_port}', '--allow-gpu-metrics=false',
             '--allow-cpu-metrics=false', *options]
    return [str(word) for word in words]


def variables():
    """The environment of the server's process."""
    return {'LD_LIBRARY_PATH': str(environment.server_folder() / 'nvidia_pytriton.libs'), 'PATH': '/usr/bin:/bin'}


class Server:
    """Starts on entry, when all models are loaded or have failed to, and is killed at the exit."""

    def __init__(self, backend, repository, log, options=()):
        """`backend` is the path of libtriton_rondo.so, in a folder named rondo."""
        self.repository = pathlib.Path(repository)
        self.log_file = pathlib.Path(log)
        self._backend = backend
        self._options = ['--exit-timeout-secs=5', '--exit-on-error=false', *options]
        self._process = None

    def __enter__(self):
        for _ in range(3):  # another program may take a port that was free
            self.http_port, self.grpc_port, self.metrics_port = _free_port(), _free_port(), _free_port()
            with open(self.log_file, 'w', encoding='utf-8') as log:
                words = command(self._backend, self.repository, self.http_port, self.grpc_port, self.metrics_port,
                                self._options)
                self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables())
            if self._wait_until_up():
                return self
            self.stop()
        raise RuntimeError('the server does not start:\n' + self.log()[-4000:])

    def __exit__(self, *_):
        self.stop()

    def _wait_until_up(self):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.is_running():
            try:
                with urllib.request.urlopen(f'http://127.0.0.1:{self.http_port}/v2/health/live', timeout=2):
                    return 'Started HTTPService' in self.log()
            except OSError:
                time.sleep(0.05)
        return False

    @property
    def pid(self):
        return self._process.pid

    @property
    def grpc(self):
        return f'127.0.0.1:{self.grpc_port}'

    def is_running(self):
        return self._process.poll() is None

    def stop(self):
        """Ends the process, and returns its exit status."""
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_SECONDS)
        return self._process.returncode

    @property
    def process(self):
        """The number of the server's process."""
        return self._process.pid

    def log(self):
        return self.log_file.read_text(encoding='utf-8', errors='replace')

    def metrics_text(self):
        """The server's page of metrics."""
        with urllib.request.urlopen(f'http://127.0.0.1:{self.metrics_port}/metrics', timeout=60) as page:
            return page.read().decode()

    def metrics(self):
        """The backend's own metrics: {name: the sum over all instances}, and {(name, model): ...}."""
        values = {}
        for name, labels, value in re.findall(r'^(rondo_\w+)\{(.*?)\} (\S+)$', self.metrics_text(), re.MULTILINE):
            model = re.search(r'model="(.*?)"', labels).group(1)
            for key in (name, (name, model)):
                values[key] = values.get(key, 0.0) + float(value)
        return values

    def resident_bytes(self):
        status = pathlib.Path(f'/proc/{self.pid}/status').read_text(encoding='utf-8')
        return 1024 * int(re.search(r'VmRSS:\s+(\d+)', status).group(1))
