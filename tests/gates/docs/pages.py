"""The blocks of code that a page of the documentation shows, and blocks that a page hides in comments.

A page is README.md, a page of docs/guide, or a public header, whose blocks stand between @code and @endcode.
"""

import dataclasses
import pathlib
import re

ROOT = next(folder for folder in pathlib.Path(__file__).resolve().parents if (folder / "CMakePresets.json").exists())
HEADERS = ROOT / "include" / "rondo"
FENCE = re.compile(r"^```(.*)$")
HIDDEN = re.compile(r"^<!-- cpp$")


@dataclasses.dataclass(frozen=True)
class Block:
    """One block: its page, the number of its first line of code, the language, and the code."""

    page: str
    line: int
    language: str
    text: str
    hidden: bool = False

    @property
    def place(self):
        return f"{self.page}:{self.line}"


def shown_before(blocks, index):
    """The index of the block that a page shows before `blocks[index]`; None for the first one."""
    return next((k for k in range(index - 1, -1, -1) if not blocks[k].hidden), None)


def markdown_pages():
    """The pages whose blocks are checked."""
    return [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]


def markdown_blocks(text, page):
    """The blocks of a Markdown page, in order."""
    lines = text.splitlines()
    blocks, opened = [], None
    for number, line in enumerate(lines):
        if opened is None:
            fence = FENCE.match(line)
            if fence or HIDDEN.match(line):
                opened = (number + 1, fence.group(1).strip() if fence else "cpp", not fence)
        elif line == ("-->" if opened[2] else "```"):
            start, language, hidden = opened
            code = "\n".join(lines[start:number]) + "\n"
            blocks.append(Block(page, start + 1, language, code, hidden))
            opened = None
    if opened is not None:
        raise ValueError(f"{page}:{opened[0]}: a block that does not end")
    return blocks


def header_blocks(text, page):
    """The examples of a header, in order."""
    blocks, start = [], None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        words = line.strip().removeprefix("///").strip()
        if words == "@code":
            start = number + 1
        elif words == "@endcode":
            if start is None:
                raise ValueError(f"{page}:{number + 1}: @endcode without @code")
            code = [inner.strip().removeprefix("///").removeprefix(" ") for inner in lines[start:number]]
            blocks.append(Block(page, start + 1, "cpp", "\n".join(code) + "\n"))
            start = None
    if start is not None:
        raise ValueError(f"{page}:{start}: @code without @endcode")
    return blocks


def blocks_of(path):
    """The blocks of a page."""
    text = path.read_text()
    page = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    return header_blocks(text, page) if path.suffix == ".h" else markdown_blocks(text, page)


def reference_blocks():
    """The examples of all public headers."""
    return [block for path in sorted(HEADERS.rglob("*.h")) for block in blocks_of(path)]
