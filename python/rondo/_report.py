"""What a function that replaces parts of a model in place has done."""

from typing import List, NamedTuple


class Left(NamedTuple):
    """A part that stays as it is, and why."""

    name: str
    reason: str


class Report(NamedTuple):
    """The names of the parts that Rondo runs now, and the recurrent parts that stay."""

    replaced: List[str]
    left: List[Left]

    def __str__(self):
        lines = [f"replaced {name}" for name in self.replaced]
        lines += [f"left {name}: {reason}" for name, reason in self.left]
        return "\n".join(lines) or "nothing recurrent"
