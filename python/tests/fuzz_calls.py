"""Makes random calls of Rondo with arguments of the worst kinds: python fuzz_calls.py SEED CALLS [LOG].

Before each call it writes to LOG what it is about to do, so that a crash can be read there. Only Python exceptions may
come out of a call; a crash ends the process by a signal, and so does a call that computes for half a minute or waits
for five.
"""

import faulthandler
import inspect
import random
import re
import resource
import signal
import sys
import warnings

import numpy as np

import rondo
from rondo import _rondo
from rondo.compat import v1
from rondo.contrib.keras import backend
from fuzz_things import Made, worst

MEMORY = 6 << 30
SECONDS = 30
MODULES = [rondo, _rondo, v1.nn, v1.nn.rnn_cell, backend]
NAMED = re.compile(r"(\w+): ([\w.]+)[^,=]*(=?)")


def targets():
    """All functions and classes, each with its name."""
    found = {}
    for module in MODULES:
        for name in vars(module):  # not dir, which has packages that are not imported yet
            thing = vars(module)[name]
            if not name.startswith("__") and callable(thing) and not inspect.ismodule(thing):
                found[f"{module.__name__}.{name}"] = thing
    return found


def parameters(function):
    """(name, type, whether there is a default) of each parameter, as well as they can be found."""
    try:
        return [(name, "", parameter.default is not parameter.empty)
                for name, parameter in inspect.signature(function).parameters.items()
                if name not in ("self", "args", "kwargs")]
    except (TypeError, ValueError):
        text = (getattr(function, "__doc__", None) or "").partition("\n")[0]
        init = (getattr(getattr(function, "__init__", None), "__doc__", None) or "").partition("\n")[0]
        return NAMED.findall((text if "(" in text else init).partition(" -> ")[0])


def arguments_for(function, made):
    """(positional, keyword) arguments: mostly what fits the name, often the worst."""
    positional, keywords = [], {}
    bad = random.choice([0.0, 0.0, 0.0, 0.05, 0.3, 1.0])
    by_place = random.choice([0, 1, 2])
    skipped = random.choice([0.2, 0.8, 0.95])
    for place, (name, kind, optional) in enumerate(parameters(function)):
        if optional and random.random() < skipped:
            continue
        value = worst(made) if random.random() < bad else made.fitting(name, kind)
        if place < by_place and len(positional) == place:
            positional.append(value)
        else:
            keywords[name] = value
    if random.random() < 0.02:
        positional.append(worst(made))
    if random.random() < 0.02:
        keywords[random.choice(["x", "y", "no_such", "self"])] = worst(made)
    return positional, keywords


def choose(found, made):
    """What to call: a function, a class, a method or property of an object, or __init__ once more."""
    chance = random.random()
    if chance < 0.55 or not made.objects:
        name = random.choice(list(found))
        return name, found[name]
    thing = random.choice(made.objects)
    if random.random() < 0.1:
        kind = random.choice([value for value in found.values() if isinstance(value, type)])
        thing = kind.__new__(kind) if not issubclass(kind, tuple) else thing  # never initialised
    names = [name for name in dir(type(thing)) if not name.startswith("__") or name in (
        "__init__", "__call__", "__repr__", "__dlpack__", "__dlpack_device__", "__enter__", "__exit__",
        "__array_interface__",
        "__del__")]
    name = random.choice(names)
    return f"{type(thing).__name__}.{name}", lambda *a, **k: call_attribute(thing, name, a, k)


def call_attribute(thing, name, positional, keywords):
    value = getattr(thing, name)
    return value(*positional, **keywords) if callable(value) else value


def one_call(found, made, log):
    name, function = choose(found, made)
    method = name.partition(".")[2]
    described = getattr(_rondo, name.partition(".")[0], None)
    signature = getattr(described, method, function) if described is not None else function
    positional, keywords = arguments_for(signature, made)
    if log:
        log.seek(0)
        log.truncate()
        log.write(f"{name} positional={[type(a).__name__ for a in positional]} keywords={sorted(keywords)}\n")
        log.flush()
    signal.alarm(SECONDS * 10)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        result = function(*positional, **keywords)
        made.keep(result)
        return "made"
    except SystemError:
        raise
    except Exception as error:  # noqa: BLE001, any exception of Python's is right
        return type(error).__name__
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(seed, calls, path=None):
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    random.seed(seed)
    np.random.seed(seed % 2**32)
    rondo.set_threads(1)
    found, made, counts = targets(), Made(), {}
    log = open(path, "w") if path else None
    for number in range(calls):
        outcome = one_call(found, made, log)
        counts[outcome] = counts.get(outcome, 0) + 1
        if number % 200 == 199:
            rondo.set_threads(1)
    print("calls", calls, counts)
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
