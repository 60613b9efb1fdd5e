"""Threads run Rondo at the same time, other Python threads go on meanwhile, and children of fork() compute."""

import os
import threading
import time

import numpy as np
import pytest

import rondo
from rondo import _rondo, as_tensor
from sessions_reference import Problem, tensors


def layer_of(problem):
    return _rondo.Layer([_rondo.KnownCell(problem.cell, tensors(problem.weights))], return_sequences=True,
                        time_major=True)


def test_eight_threads_call_one_layer():
    problem = Problem("lstm", T=40, B=4, I=16, H=32)
    layer, x = layer_of(problem), as_tensor(problem.x)
    expected = np.array(np.asarray(layer(x)[0]))
    results, start = [], threading.Barrier(8)

    def call():
        start.wait()
        for _ in range(20):
            results.append(np.array_equal(np.asarray(layer(x)[0]), expected))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 160 and all(results)


def longest_pause(work):
    """Runs `work` in this thread while another one notes the time: (seconds of work, longest pause between its
    notes)."""
    stop, notes = threading.Event(), []

    def note():
        while not stop.is_set():
            notes.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=note)
    thread.start()
    begin = time.perf_counter()
    work()
    end = time.perf_counter()
    stop.set()
    thread.join()
    inside = [begin, *(when for when in notes if begin < when < end), end]
    return end - begin, max(np.diff(inside)), len(inside) - 2


@pytest.mark.parametrize("door", ["session", "layer"])
def test_a_long_run_leaves_the_interpreter_to_other_threads(door):
    problem = Problem("lstm", T=1000, B=16, I=128, H=128)
    rondo.set_threads(1)
    try:
        x = as_tensor(problem.x)
        session = rondo.Session(problem.plan, tensors(problem.weights))
        layer, bound = layer_of(problem), problem.bind()
        work = {"session": lambda: session.run(bound), "layer": lambda: layer(x)}[door]
        seconds, _, count = longest_pause(work)
    finally:
        rondo.set_threads(0)
    # A run that held the lock would let nobody note anything but at its two ends.
    assert seconds > 0.02 and count >= 5


def test_a_session_that_another_thread_runs_is_refused_or_waits_for_nobody():
    problem = Problem("lstm", T=500, B=16, I=64, H=128)
    bound, refused, done = problem.bind(), [], []

    def call():
        for _ in range(4):
            try:
                problem.session.run(bound)
                done.append(True)
            except RuntimeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) + len(refused) == 16 and done
    assert all("thread" in text for text in refused)


def in_child(work):
    """What `work` returned, true or false, in a child of fork()."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "hangs"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:os.fork:RuntimeWarning")
def test_a_child_of_fork_computes_what_its_parent_does():
    problem = Problem("gru", T=50, B=8, I=64, H=64)
    other = Problem("gru", T=5)
    assert in_child(lambda: other.session.run(other.bind()) is None) == 0  # nothing ran here yet
    layer, x, bound = layer_of(problem), as_tensor(problem.x), problem.bind()
    problem.session.run(bound)
    y, output = problem.y.copy(), np.array(np.asarray(layer(x)[0]))

    def again():
        problem.y[...] = 0
        problem.session.run(bound)
        return np.array_equal(problem.y, y) and np.array_equal(np.asarray(layer(x)[0]), output)

    assert in_child(again) == 0
    assert again()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:os.fork:RuntimeWarning")
def test_a_child_of_fork_calls_steps_of_python():
    x = as_tensor(np.ones((2, 5, 3), np.float32))

    def work():
        last, _, _ = _rondo.rnn(lambda inputs, states, constants: (inputs, states), x, [rondo.zeros((2, 3))])
        return np.array_equal(np.asarray(last), np.ones((2, 3)))

    assert work() and in_child(work) == 0
