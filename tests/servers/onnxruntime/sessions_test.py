"""Sizes, threads, and weights that sessions share."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import numpy as np
import support
from support import counts, one_node, random_inputs, session


class SessionsTest(support.ProviderTest):

    def test_any_sizes_in_any_order(self):
        for op_type, direction, D in (('LSTM', 'bidirectional', 2), ('GRU', 'reverse', 1), ('RNN', 'forward', 1)):
            model = one_node(op_type, D=D, attributes={'direction': direction})
            ours, theirs = session(model), session(model, with_rondo=False)
            random = np.random.default_rng(5)
            sizes = [(1, 1), (1, 7), (9, 1)] + [tuple(random.integers(1, 30, 2)) for _ in range(20)]  # more than are kept
            for T, B in sizes + sizes[::-1]:
                given = random_inputs(ours, T=int(T), B=int(B), seed=int(T * 100 + B))
                self.assert_close(ours.run(None, given), theirs.run(None, given), message=f'{op_type} T {T} B {B}')

    def test_outputs_that_the_model_does_not_want(self):
        for wanted in (['y'], ['h']):
            model = one_node()
            kept = [one for one in model.graph.output if one.name in wanted]
            del model.graph.output[:]
            model.graph.output.extend(kept)
            self.assert_same(model)

    def test_profile_names_the_provider(self):
        with tempfile.TemporaryDirectory() as folder:
            ours = session(one_node(), profile=pathlib.Path(folder, 'profile'))
            ours.run(None, random_inputs(ours))
            events = json.loads(pathlib.Path(ours.end_profiling()).read_text())
        providers = {event['args']['provider'] for event in events if event.get('args', {}).get('provider')}
        self.assertEqual(providers, {support.PROVIDER})

    def test_equal_weights_are_shared_and_others_are_not(self):
        before = counts()
        model = one_node(seed=21)
        first, second = session(model), session(model)
        other = session(one_node(seed=22))
        limited = session(one_node(seed=21, attributes={'clip': 0.5}))
        after = counts()
        self.assertEqual(after['weights'] - before['weights'], 3)
        self.assertEqual(after['shared_weights'] - before['shared_weights'], 1)
        given = random_inputs(first)
        expected = session(model, with_rondo=False).run(None, given)
        del first  # the second one keeps what both had
        self.assert_close(second.run(None, given), expected)
        for one in (other, limited):
            self.assertGreater(np.max(np.abs(one.run(None, given)[0] - expected[0])), 1e-3)
        del second, other, limited
        session(model)
        self.assertEqual(counts()['weights'] - after['weights'], 1)  # nobody had them any more

    def test_threads_of_the_caller(self):
        """Many threads call one session, with sizes of their own."""
        ours = session(one_node(seed=9))
        theirs = session(one_node(seed=9), with_rondo=False)
        wrong = []

        def call(seed):
            for turn in range(20):
                given = random_inputs(ours, seed=seed * 100 + turn, T=1 + (seed + turn) % 5, B=1 + seed % 3)
                answers, expected = ours.run(None, given), theirs.run(None, given)
                wrong.extend(np.max(np.abs(a - b)) for a, b in zip(answers, expected) if np.max(np.abs(a - b)) > 1e-6)

        callers = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(timeout=120)
        self.assertEqual(wrong, [])

    def test_threads_of_the_runtime_share_a_run(self):
        model = one_node(I=64, H=256)
        given = random_inputs(session(model), T=20, B=16)
        expected = session(model).run(None, given)
        before = counts()['shared_runs']
        ours = session(model, threads=2)
        for _ in range(2000):
            for answer, right in zip(ours.run(None, given), expected):
                np.testing.assert_array_equal(answer, right)  # whoever computes, the bits are the same
            if counts()['shared_runs'] > before:
                break
        if len(os.sched_getaffinity(0)) > 1:
            self.assertGreater(counts()['shared_runs'], before)

    def test_the_library_may_be_unregistered(self):
        """With threads of our own that still wait for work, and registered again. It stays mapped, because its threads run
        in it. A thread that has used it would keep it as well, and so has ended before."""
        program = """
import gc, os, pathlib, threading
import support
name = os.path.basename(support.LIBRARY)

def use():
    ours = support.session(support.one_node(I=64, H=256), settings={'threads': '2'})
    ours.run(None, support.random_inputs(ours, T=20, B=16))

for turn in range(3):
    user = threading.Thread(target=use)
    user.start()
    user.join()
    support._devices.clear()
    gc.collect()
    support.onnxruntime.unregister_execution_provider_library('rondo')
    print('mapped' if name in pathlib.Path('/proc/self/maps').read_text() else 'gone', flush=True)
print('ended', flush=True)
"""
        ran = subprocess.run([sys.executable, '-c', program, support.LIBRARY], capture_output=True, text=True, timeout=120,
                             check=False)
        self.assertEqual((ran.returncode, ran.stdout.split()), (0, ['mapped'] * 3 + ['ended']), ran.stderr)

    def test_threads_of_our_own(self):
        model = one_node(I=64, H=256)
        given = random_inputs(session(model), T=20, B=16)
        expected = session(model).run(None, given)
        before = counts()['shared_runs']
        for threads in ('1', '2', '3'):
            for answer, right in zip(session(model, settings={'threads': threads}).run(None, given), expected):
                np.testing.assert_array_equal(answer, right)
        self.assertEqual(counts()['shared_runs'], before)


if __name__ == '__main__':
    support.main()
