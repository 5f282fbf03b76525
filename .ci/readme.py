"""Print the README's shell blocks that CI runs: `python .ci/readme.py test` the second, `others` all but that one.

A block marked `<!-- long -->` on the line before it is left out of `others`.
"""

import pathlib
import re
import sys

TEXT = (pathlib.Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?P<long><!-- long -->\n)?```(?:sh|bash|shell|console)\n(?P<body>.*?)```", re.S)


def commands(body: str) -> str:
    """The commands of a block; of a console block, the lines after `$ `."""
    lines = body.splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return "\n".join(lines)


def main() -> None:
    blocks = list(BLOCK.finditer(TEXT))
    if sys.argv[1:] == ["test"]:
        chosen = blocks[1:2]
    elif sys.argv[1:] == ["others"]:
        chosen = [block for i, block in enumerate(blocks) if i != 1 and not block["long"]]
    else:
        sys.exit(__doc__)
    if not chosen:
        sys.exit("README.md has no such block")
    print("\n".join(commands(block["body"]) for block in chosen))


if __name__ == "__main__":
    main()
