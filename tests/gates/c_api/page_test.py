#!/usr/bin/env python3
"""Compiles the programs of docs/guide/c.md as strict C99, runs them, and compares what they print with what the page shows.
The page's table has every function.

    page_test.py C_COMPILER LIBRARY INCLUDE EXPORTS [FLAG ...]
"""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "docs"))
sys.dont_write_bytecode = True
import models  # noqa: E402
import pages  # noqa: E402
import shown  # noqa: E402

PAGE = pages.ROOT / "docs" / "guide" / "c.md"


def printed(block, compiler, library, include, flags, folder):
    """What the program of a block prints."""
    program = folder / "program"
    where = library.parent
    subprocess.run([compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", f"-I{include}", "-x", "c", "-", "-o", program,
                    f"-L{where}", "-lrondo_c", f"-Wl,-rpath,{where}", *flags], input=block.text, text=True, check=True)
    return subprocess.run([program], cwd=folder, capture_output=True, text=True, timeout=60, check=True).stdout


def main(compiler, library, include, exports, *flags):
    blocks = pages.blocks_of(PAGE)
    complaints, programs = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models.write(folder)
        for block, after in zip(blocks, blocks[1:]):
            if block.language != "c":
                continue
            programs += 1
            came = printed(block, compiler, pathlib.Path(library).resolve(), include, flags, folder)
            if after.language == "text" and not shown.agrees(after.text, came):
                complaints.append(f"{after.place}: the page shows\n{after.text}and the program prints\n{came}")
    text = PAGE.read_text()
    for function in pathlib.Path(exports).read_text().splitlines():
        if not function.startswith("#") and f"`{function}`" not in text:
            complaints.append(f"the page lacks {function}")
    print(*complaints, sep="\n")
    print(f"{programs} programs, {len(complaints)} complaints")
    return 1 if complaints or programs == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
