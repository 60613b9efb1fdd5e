"""Nested structures of tuples, lists, dicts and namedtuples. All else is a leaf, None too."""


def is_nested(thing):
    return isinstance(thing, (tuple, list, dict))


def _is_named(thing):
    return isinstance(thing, tuple) and hasattr(thing, "_fields")


def children(nest):
    return list(nest.values()) if isinstance(nest, dict) else list(nest)


def flatten(nest):
    """The leaves, in the order given: dicts are not sorted."""
    if not is_nested(nest):
        return [nest]
    return [leaf for child in children(nest) for leaf in flatten(child)]


def map_leaves(function, nest):
    """The same structure with `function` of each leaf."""
    if isinstance(nest, dict):
        return type(nest)((name, map_leaves(function, child)) for name, child in nest.items())
    if not is_nested(nest):
        return function(nest)
    mapped = [map_leaves(function, child) for child in nest]
    return type(nest)(*mapped) if _is_named(nest) else type(nest)(mapped)


def pack(structure, leaves):
    """`structure` with other leaves, of which there must be as many as it has."""
    rest = iter(leaves)
    return map_leaves(lambda _: next(rest), structure)


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
