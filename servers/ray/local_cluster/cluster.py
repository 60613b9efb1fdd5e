"""Ray and Ray Serve on this machine, in a network namespace of their own, for as long as a `with` block runs."""

import json
import logging
import os
import pathlib
import shutil
import signal
import tempfile
import time
import urllib.request

import namespace

namespace.enter()  # before Ray starts threads

import ray  # noqa: E402
from ray import serve  # noqa: E402
from ray.serve.config import HTTPOptions, gRPCOptions  # noqa: E402

HTTP_PORT, GRPC_PORT = 8000, 9000
URL = f'http://127.0.0.1:{HTTP_PORT}/'
DEPLOY_SECONDS = 180
STORE_BYTES = 80 << 20  # of Ray's own objects: the least that it takes


class Cluster:
    """`processors` is what Ray believes that the machine has: replicas may share one."""

    def __init__(self, processors=4, grpc=True):
        self._processors, self._grpc = processors, grpc
        # Short, because Ray's sockets lie below it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='rondo-ray-', dir='/tmp'))

    def __enter__(self):
        try:
            ray.init(num_cpus=self._processors, include_dashboard=False, object_store_memory=STORE_BYTES,
                     _temp_dir=str(self.folder / 'ray'), logging_level=logging.WARNING, log_to_driver=False,
                     configure_logging=True)
            functions = ['rondo.serve._grpc.add_sessions_to_server'] if self._grpc else []
            serve.start(http_options=HTTPOptions(host='127.0.0.1', port=HTTP_PORT),
                        grpc_options=gRPCOptions(port=GRPC_PORT, grpc_servicer_functions=functions))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            serve.shutdown()
            ray.shutdown()
        finally:
            namespace.end_all()
            shutil.rmtree(self.folder, ignore_errors=True)

    def deploy(self, application, name='default'):
        """Deploys, or changes what is deployed, and waits until as many replicas run as were asked for."""
        return serve.run(application, name=name, route_prefix='/' if name == 'default' else f'/{name}')

    def replicas(self, path=''):
        """The numbers of the replicas that live, by name."""
        with urllib.request.urlopen(f'{URL}{path}numbers', timeout=30) as page:
            reports = json.loads(page.read())
        return {name: numbers for name, numbers in reports.items() if pathlib.Path(f'/proc/{numbers["pid"]}').exists()}

    def wait_for(self, count, path='', but=None):
        """Waits until `count` replicas report, without that of the name `but`, and returns their numbers."""
        end = time.monotonic() + DEPLOY_SECONDS
        found = {}
        while time.monotonic() < end:
            try:
                found = self.replicas(path)
            except OSError:
                found = {}
            found.pop(but, None)
            if len(found) == count:
                return found
            time.sleep(0.2)
        raise RuntimeError(f'{count} replicas are wanted, and there are {len(found)}')

    def kill_one(self):
        """Kills the replica with the most sessions, as a machine that fails would. Returns its name and its numbers."""
        name, numbers = max(self.replicas().items(), key=lambda found: found[1]['resident'])
        os.kill(numbers['pid'], signal.SIGKILL)
        return name, numbers
