"""Print the shell blocks of a README that CI runs.

    python .ci/readme.py test              # the second block of README.md, which runs the tests
    python .ci/readme.py others            # all its other blocks
    python .ci/readme.py others FILE       # all blocks of another file

A block below the line `<!-- long -->` is left out. One below `<!-- fashion-mnist -->` is left out, with a message,
unless --fashion-mnist is given: it needs the full data set.
"""

import argparse
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?:<!-- (?P<mark>[a-z-]+) -->\n)?```(?:sh|bash|shell|console)\n(?P<body>.*?)```", re.S)


def commands(body: str) -> str:
    """Return the commands of a block; of a console block, the lines after `$ `."""
    lines = body.splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=("test", "others"))
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=TOP / "README.md")
    parser.add_argument("--fashion-mnist", action="store_true")
    options = parser.parse_args()
    blocks = list(BLOCK.finditer(options.file.read_text(encoding="utf-8")))
    is_main = options.file.resolve() == TOP / "README.md"
    if options.which == "test":
        selected = blocks[1:2]
    else:
        left_out = {"long"} if options.fashion_mnist else {"long", "fashion-mnist"}
        selected = [
            block
            for i, block in enumerate(blocks)
            if not (is_main and i == 1) and block["mark"] not in left_out
        ]
        if any(block["mark"] == "fashion-mnist" for block in blocks) and not options.fashion_mnist:
            print(f"{options.file}: the blocks that need Fashion-MNIST are left out", file=sys.stderr)
    if not blocks or (is_main and not selected):
        sys.exit(f"{options.file} has no such block")
    print("\n".join(commands(block["body"]) for block in selected))


if __name__ == "__main__":
    main()
