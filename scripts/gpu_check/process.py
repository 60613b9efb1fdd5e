"""Runs a program that may hang, crash, or leave the device in a state in which no work ends."""

import ctypes
import os
import signal
import subprocess
import time

TIMED_OUT = 137  # the shell's exit code of a killed process
TICK_SECONDS = 1
REAP_SECONDS = 3  # how long to wait for a killed process, which the driver may hold
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    """Has the program killed with gpu-check, so that no program is left that holds the device."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(REAP_SECONDS)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass


def run_bounded(command, seconds, log, environment, tick=lambda: None):
    """Runs a command with its output in the open file `log`. Returns (exit code, seconds that it took). After `seconds`
    the command is killed with all its children, and the code is TIMED_OUT. Calls `tick` every second meanwhile."""
    began = time.monotonic()
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                   env=environment, start_new_session=True, preexec_fn=_die_with_parent)
    except OSError as error:
        log.write(f"{error}\n".encode())
        log.flush()
        return 127, 0.0
    code = None
    while code is None:
        left = began + seconds - time.monotonic()
        try:
            code = process.wait(max(0.0, min(left, TICK_SECONDS)))
        except subprocess.TimeoutExpired:
            if left <= TICK_SECONDS:
                _kill(process)
                code = TIMED_OUT
            else:
                tick()
    return (code if code >= 0 else 128 - code), time.monotonic() - began


def output_of(command, seconds, environment=None):
    """(exit code, text on stdout) of a short command; (TIMED_OUT, "") where it takes too long."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=seconds, env=environment, check=False)
    except OSError:
        return 127, ""
    except subprocess.TimeoutExpired:
        return TIMED_OUT, ""
    return done.returncode, done.stdout
