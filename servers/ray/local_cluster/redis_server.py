"""A Redis of Debian's on loopback, which keeps what it has confirmed."""

import pathlib
import socket
import subprocess
import time

import environment

READY_SECONDS = 30


class RedisServer:
    """Runs for as long as a `with` block. `kill` and `start` may be called in between: the records stay."""

    def __init__(self, folder, port=6379):
        self._folder, self._port = pathlib.Path(folder), port
        self._process = None

    @property
    def url(self):
        return f'redis://127.0.0.1:{self._port}/0'

    def start(self):
        command = [environment.redis_server(), '--port', str(self._port), '--bind', '127.0.0.1',
                   '--dir', str(self._folder), '--appendonly', 'yes',
                   '--appendfsync', 'always', '--save', '', '--maxmemory-policy', 'noeviction']
        with open(self._folder / 'redis.txt', 'a', encoding='utf-8') as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with socket.create_connection(('127.0.0.1', self._port), 1) as connection:
                    connection.sendall(b'PING\r\n')
                    if connection.recv(16).startswith(b'+PONG'):
                        return
            except OSError:
                pass
            time.sleep(0.02)
        log = (self._folder / 'redis.txt').read_text(encoding='utf-8')
        raise RuntimeError('redis-server does not start:\n' + log[-2000:])

    def kill(self):
        """Ends it as a loss of power would."""
        self._process.kill()
        self._process.wait(READY_SECONDS)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
