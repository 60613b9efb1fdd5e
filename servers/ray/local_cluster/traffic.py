"""Sessions that send chunks over HTTP at the same time, and what they were answered."""

import threading
import time

import numpy as np

from rondo.serve import SessionClient


class Traffic:
    """`sessions` clients, each a thread, with `chunks` chunks of `steps` steps. A chunk is sent when `allow` lets it.

    patience  seconds for which a client sends a chunk again
    keep      whether outputs are kept
    pause     seconds between an answer and the next chunk
    """

    def __init__(self, url, sessions, chunks, steps, inputs, patience=120.0, keep=True, pause=0.0):
        random = np.random.default_rng(3)
        # Without keeping, all chunks of a session have the same steps.
        self.x = random.standard_normal((sessions, (chunks if keep else 1) * steps, inputs)).astype('f')
        self.answered = 0
        self._keep, self._pause = keep, pause
        self.y = [[] for _ in range(sessions)]
        self.errors = []
        self.clients = [SessionClient(url, f'session-{k}', patience=patience, timeout=20.0) for k in range(sessions)]
        self._chunks, self._steps, self._allowed = chunks, steps, 0
        self._changed = threading.Condition()
        self._stopped = False
        self._threads = [threading.Thread(target=self._run, args=(k,), daemon=True) for k in range(sessions)]
        for thread in self._threads:
            thread.start()

    def allow(self, chunks):
        """Lets each session send its chunks up to this number."""
        with self._changed:
            self._allowed = chunks
            self._changed.notify_all()

    def wait(self, chunks, seconds=180.0):
        """Waits until each session has the answers to so many chunks. Raises where one has failed."""
        end = time.monotonic() + seconds
        with self._changed:
            while min(client.next for client in self.clients) < chunks and not self.errors:
                if not self._changed.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    numbers = sorted(client.next for client in self.clients)
                    raise TimeoutError(f'{numbers} chunks are answered, expected {chunks} each')
        if self.errors:
            raise self.errors[0]

    def outputs(self, session):
        return np.concatenate(self.y[session])

    def stop(self):
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(60)

    def _run(self, k):
        client = self.clients[k]
        try:
            for n in range(self._chunks):
                with self._changed:
                    while self._allowed <= n and not self._stopped:
                        self._changed.wait(60)
                    if self._stopped:
                        return
                at = n * self._steps if self._keep else 0
                y = client.send(self.x[k, at:at + self._steps])
                with self._changed:
                    self.answered += 1
                    if self._keep:
                        self.y[k].append(y)
                    self._changed.notify_all()
                time.sleep(self._pause)
        except BaseException as error:
            with self._changed:
                self.errors.append(error)
                self._changed.notify_all()
        finally:
            client.close()
