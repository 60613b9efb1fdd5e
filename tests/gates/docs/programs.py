#!/usr/bin/env python3
"""Makes one C++ source from the C++ blocks of a page.

    programs.py PAGE.md SOURCE.cpp          void page_NAME(), for the program docs_pages
    programs.py PAGE.md SOURCE.cpp --alone  a program of its own
    programs.py reference SOURCE.cpp        void page_reference(): the examples of all public headers
    programs.py main SOURCE.cpp NAME ...    the main function of docs_pages

The blocks of a page follow each other in one function, so that a block may use the names of blocks above it. A block with
a main function is a program, and stands outside. The examples of headers stand alone, inside the namespace rondo.
Before each block, the program prints kMark and the block's number.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import pages  # noqa: E402

MARK = "\x1e"
INCLUDE = re.compile(r"^#include .*$", re.MULTILINE)
MAIN = re.compile(r"^int main\(\) \{$", re.MULTILINE)
MAIN_OF_ALL = """#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>

{declarations}
int main(int argc, char** argv) {{
  const std::map<std::string, std::function<void()>> pages = {{{table}}};
  const auto page = argc == 2 ? pages.find(argv[1]) : pages.end();
  if (page == pages.end()) return 2;
  try {{
    page->second();
    return 0;
  }} catch (const std::exception& error) {{
    std::fprintf(stderr, "%s: %s\\n", argv[1], error.what());
    return 1;
  }}
}}
"""


def name_of(path):
    """A page's name: docs/guide/from_keras.md is "from_keras", README.md is "readme"."""
    return path.stem.lower()


def numbered_cpp_blocks(blocks):
    """The C++ blocks, with the numbers that the program prints."""
    return [(number, block) for number, block in enumerate(blocks) if block.language == "cpp"]


def source_line(block):
    return f'#line {block.line} "{block.page}"\n'


def as_function(block, number):
    """The code of a block with a main function, which gets another name."""
    code = INCLUDE.sub("", block.text)
    return source_line(block) + MAIN.sub(f"void program_{number}() {{", code)


def source_of(blocks, name, alone_each=False):
    """The source of one page."""
    blocks = numbered_cpp_blocks(blocks)
    includes = sorted({line for _, block in blocks for line in INCLUDE.findall(block.text)})
    outside, inside = [], []
    for number, block in blocks:
        inside.append(f'  std::printf("\\036{number}\\n");\n')
        if MAIN.search(block.text):
            outside.append(as_function(block, number))
            inside.append(f"  program_{number}();\n")
        else:
            code = source_line(block) + INCLUDE.sub("", block.text)
            inside.append("{\nusing namespace rondo;\n" + code + "}\n" if alone_each else code)
    return (
        "\n".join(["#include <cstdio>", *includes]) + "\n\nnamespace {\n\n" + "\n".join(outside) + "\n}  // namespace\n\n"
        f"void page_{name}();\n\nvoid page_{name}() {{\n" + "".join(inside) + "}\n"
    )


def main_of(names):
    """The main function of a program of pages."""
    declarations = "".join(f"void page_{name}();\n" for name in names)
    return MAIN_OF_ALL.format(declarations=declarations, table=", ".join(f'{{"{n}", page_{n}}}' for n in names))


def page_source(page):
    """The source of a Markdown page, or of the examples in headers."""
    if page == "reference":
        includes = pages.Block("reference", 1, "cpp", "#include <rondo/rondo.h>\n", True)
        return source_of([includes, *pages.reference_blocks()], "reference", alone_each=True)
    path = pathlib.Path(page).resolve()
    return source_of(pages.blocks_of(path), name_of(path))


def alone(page):
    """A page as a program for the reader's own project: the program that the page shows, or all of its blocks."""
    whole = [block.text for block in pages.blocks_of(pathlib.Path(page).resolve()) if MAIN.search(block.text)]
    if whole:
        return whole[0]
    name = name_of(pathlib.Path(page))
    return page_source(page) + f"\nint main() {{ page_{name}(); }}\n"


def main(arguments):
    what, target, *rest = arguments
    if what == "main":
        text = main_of(rest)
    else:
        text = alone(what) if rest == ["--alone"] else page_source(what)
    pathlib.Path(target).write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
