"""Nested structures of tuples, lists, dicts and namedtuples. All else is a leaf, None too.

Rondo's C++ side has dicts and namedtuples as named fields, so that the way back follows a structure of Python's.
"""


def is_nested(thing):
    return isinstance(thing, (tuple, list, dict))


def is_named(thing):
    return isinstance(thing, tuple) and hasattr(thing, "_fields")


def children(nest):
    return list(nest.values()) if isinstance(nest, dict) else list(nest)


def branches(nest):
    """The children of a nest; a leaf is the only one."""
    return children(nest) if is_nested(nest) else [nest]


def flatten(nest):
    """The leaves, in the order given: dicts are not sorted."""
    if not is_nested(nest):
        return [nest]
    return [leaf for child in children(nest) for leaf in flatten(child)]


def map_leaves(function, nest):
    """The same structure with `function` of each leaf."""
    return _mapped(lambda child: map_leaves(function, child), nest) if is_nested(nest) else function(nest)


def pack(structure, leaves):
    """`structure` with other leaves, of which there must be as many as it has."""
    rest = iter(leaves)
    return map_leaves(lambda _: next(rest), structure)


def sorted_dicts(nest):
    """The same structure with every dict in the order of its keys, as tf.nest has it."""
    if isinstance(nest, dict):
        return {key: sorted_dicts(nest[key]) for key in sorted(nest)}
    return _mapped(sorted_dicts, nest) if is_nested(nest) else nest


def same_structure(nest, other):
    """Whether both have the same structure, where all kinds of sequences count as one kind."""
    if is_nested(nest) != is_nested(other) or isinstance(nest, dict) != isinstance(other, dict):
        return False
    if not is_nested(nest):
        return True
    if isinstance(nest, dict) and list(nest) != list(other):
        return False
    return len(nest) == len(other) and all(map(same_structure, children(nest), children(other)))


def describe(nest):
    """The structure as a text, with a dot for each leaf: [., (., .)]."""
    if not is_nested(nest):
        return "."
    if isinstance(nest, dict):
        return "{" + ", ".join(f"{name}: {describe(child)}" for name, child in nest.items()) + "}"
    inner = ", ".join(map(describe, nest))
    if isinstance(nest, list):
        return f"[{inner}]"
    return f"({inner},)" if len(nest) == 1 else f"({inner})"


def to_native(nest, convert):
    """The nest as the C++ side takes it, dicts in the order of their keys, with `convert` of each leaf."""
    if isinstance(nest, dict):
        return {str(key): to_native(nest[key], convert) for key in sorted(nest)}
    if is_named(nest):
        return {name: to_native(child, convert) for name, child in zip(nest._fields, nest)}
    return _mapped(lambda child: to_native(child, convert), nest) if is_nested(nest) else convert(nest)


def from_native(native, like, convert):
    """The reverse of to_native, in the structure of `like`."""
    if isinstance(like, dict):
        return {key: from_native(native[str(key)], like[key], convert) for key in sorted(like)}
    if not is_nested(like):
        return convert(native)
    branches = iter(children(native))
    return _mapped(lambda branch: from_native(next(branches), branch, convert), like)


def _mapped(function, nest):
    """A nest of the same kind with `function` of each child."""
    if isinstance(nest, dict):
        return type(nest)((name, function(child)) for name, child in nest.items())
    made = [function(child) for child in nest]
    return type(nest)(*made) if is_named(nest) else type(nest)(made)
