#!/usr/bin/env python3
"""Checks that README.md, docs/guide and the examples in headers are true.

    docs_test.py blocks                  a rule covers every block, and commands name existing things
    docs_test.py page NAME PROGRAM       PROGRAM (of programs.py) runs a page, and prints what the page shows
    docs_test.py demo FOLDER             the example that scripts/demo ends with prints what README.md shows
    docs_test.py self                    the other checks find faults
"""

import ast
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import commands  # noqa: E402
import models  # noqa: E402
import pages  # noqa: E402
import programs  # noqa: E402
import shown  # noqa: E402


FEWEST_PAGES = 10
FEWEST_EXAMPLES = 13


def sh_complaints(block, _):
    found = []
    for command in commands.commands_of(block.text):
        found += [f"{' '.join(command)}: {complaint}" for complaint in commands.complaints(command)]
    return found


def python_complaints(block, _):
    try:
        ast.parse(block.text)
        return []
    except SyntaxError as error:
        return [str(error)]


def text_complaints(_, before):
    """Faults of an output block, which must stand behind the block that prints it."""
    if before is None or before.language not in ("c", "cpp", "python", "sh"):
        return ["output that stands behind no block of C, C++, Python or commands"]
    if before.language == "sh" and not shown_by(before):
        return ["output of commands that are not in SHOWN_BY of tests/gates/docs/commands.py"]
    return []


def no_complaints(*_):
    return []


# Rules by language. The tests of pages compile and run cpp, the tests of projects cmake, those of gates/c_api run c, and
# tests/servers loads protobuf.
RULES = {
    "c": no_complaints,
    "cpp": no_complaints,
    "c++": no_complaints,  # a program of other headers: tests/servers/onnxruntime compiles it
    "cmake": no_complaints,
    "protobuf": no_complaints,
    "sh": sh_complaints,
    "python": python_complaints,
    "text": text_complaints,
}


def shown_by(block):
    """The example, with arguments, whose output replaces that of a block of commands."""
    scripts = [command[0] for command in commands.commands_of(block.text) if command[0] in commands.SHOWN_BY]
    return commands.SHOWN_BY[scripts[0]] if scripts else None


def block_complaints(blocks):
    """Faults of the blocks of one page."""
    found = []
    for number, block in enumerate(blocks):
        before = pages.shown_before(blocks, number)
        rule = RULES.get(block.language)
        wrong = rule(block, None if before is None else blocks[before]) if rule else [f"no rule for a block of '{block.language}'"]
        found += [f"{block.place}: {complaint}" for complaint in wrong]
    projects = [block for block in blocks if block.language == "sh" and commands.BY_CMAKE in block.text]
    if projects and all(block.language != "cmake" for block in blocks):
        found.append(f"{projects[0].place}: builds a project, and the page has no block of CMake")
    return found


def check_blocks():
    found = []
    if len(pages.markdown_pages()) < FEWEST_PAGES or len(pages.reference_blocks()) < FEWEST_EXAMPLES:
        found.append("pages or examples are missing")
    for path in pages.markdown_pages():
        found += block_complaints(pages.blocks_of(path))
    return found


def check_page(name, program):
    """Runs a page in a folder with the files that the page loads."""
    program = pathlib.Path(program).resolve()
    with tempfile.TemporaryDirectory() as folder:
        models.write(pathlib.Path(folder))
        ran = subprocess.run([program, name], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if ran.returncode != 0:
        return [f"{name} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"]
    path = next((path for path in pages.markdown_pages() if programs.name_of(path) == name), None)
    return shown.complaints(pages.blocks_of(path), ran.stdout) if path else []


def check_demo(build):
    """Runs the examples that replace scripts whose output a page shows."""
    found = []
    for path in pages.markdown_pages():
        blocks = pages.blocks_of(path)
        for before, block in zip(blocks, blocks[1:]):
            if block.language == "text" and before.language == "sh" and shown_by(before):
                example, (folder, chart) = shown_by(before)
                command = [pathlib.Path(build) / example, pages.ROOT / folder, pathlib.Path(build) / chart]
                printed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
                missing = shown.missing_lines(block.text, printed)
                found += [f"{block.place}: {example} does not print: {line}" for line in missing]
    return found


def check_self():
    """Checks that broken blocks are found."""
    found = []
    for text, word in [
        ("```rust\n```\n", "no rule for a block"),
        ("```sh\nrm -rf build\n```\n", "no rule of"),
        ("```sh\nscripts/nothing\n```\n", "no script"),
        ("```sh\nscripts/test --presto cpu\n```\n", "has no --presto"),
        ("```sh\nscripts/demo --fast\n```\n", "has no --help"),
        ("```sh\ncmake --preset nothing\n```\n", "no preset"),
        ("```sh\ncmake --install build/nothing\n```\n", "no preset builds"),
        ("```sh\ncpack --config build/nothing/CPackConfig.cmake\n```\n", "no preset builds"),
        ("```sh\ncmake --preset cpu -DRONDO_NOTHING=ON\n```\n", "no option RONDO_NOTHING"),
        ("```sh\ncmake -S . -B build\n```\n", "no block of CMake"),
        ("```python\nprint(\n```\n", "'(' was never closed"),
        ("```text\n1\n```\n", "stands behind no block"),
        ("```sh\nscripts/setup\n```\n\n```text\n1\n```\n", "not in SHOWN_BY"),
    ]:
        came = block_complaints(pages.markdown_blocks(text, "page"))
        if len(came) != 1 or word not in came[0]:
            found.append(f"{text!r} should give one complaint with {word!r}, and gives {came}")
    blocks = pages.markdown_blocks("```cpp\n```\n\n```text\n1 ... 3\n```\n", "page")
    for printed, expected in [("\x1e0\n1 2 3\n", 0), ("\x1e0\n1 2 4\n", 1), ("", 1)]:
        if len(shown.complaints(blocks, printed)) != expected:
            found.append(f"output {printed!r} should give {expected} complaints")
    if shown.missing_lines("a 6e-07\nb\n", "b\na 5.9e-07\n") != ["b"]:
        found.append("lines in another order should be missed, and digits of rounding should not")
    return found


def main(arguments):
    checks = {"blocks": check_blocks, "page": check_page, "demo": check_demo, "self": check_self}
    found = checks[arguments[0]](*arguments[1:])
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
