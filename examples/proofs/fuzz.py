"""Mutate the tests' model files, make hostile graphs up, and open what comes of it, in processes with limits.

    python examples/proofs/fuzz.py                  # 2,000 mutants, each twice, and 2,000 graphs: some ten minutes
    python examples/proofs/fuzz.py --count 300 --graphs 300 --seed 7

Each mutant is tried as it is, and with a digest that is right again, so that what lies behind it is reached.
Each graph is sound by its structure and asks for what export never writes: shapes, types and attributes at
random, and the attacks that are known. Each has to end in a VaecliError or to work: a weight may have
changed. A crash, a hang, too much memory or another exception is an error: its file is kept, and the exit
code is 1.
"""

import argparse
import collections
import pathlib
import sys
import tempfile
import time
from collections.abc import Iterator

from fuzzing.graphs import hostile
from fuzzing.mutants import PARTS, Mutant, mutants
from fuzzing.opening import BAD, Opener, judged, written

MODEL = pathlib.Path(__file__).parents[2] / "tests" / "models" / "small"


def files(originals: dict[str, bytes], count: int, graphs: int, seed: int) -> Iterator[Mutant]:
    """All that is tried."""
    for number in range(count):
        yield from mutants(originals, number, seed)
    for number in range(graphs):
        yield hostile(originals["decoder"], number, seed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="mutants")
    parser.add_argument("--graphs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("fuzz-found"))
    options = parser.parse_args()
    originals = {part: (options.model / f"{part}.onnx").read_bytes() for part in PARTS}
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    bad, opener, start = 0, Opener(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for tried in files(originals, options.count, options.graphs, options.seed):
            result = judged(
                tried, originals[tried.part], opener.open(written(folder, originals, tried), tried.part)
            )
            kind = (
                "graph" if tried.how.startswith("graph") else "digest right" if tried.stamped else "as it is"
            )
            counts[result.split(": ")[-1 if result.startswith("refused") else 0], kind] += 1
            if result.startswith(BAD):
                bad += 1
                options.keep.mkdir(exist_ok=True)
                name = f"{options.seed}-{tried.number}-{kind.replace(' ', '-')}-{tried.part}.onnx"
                (options.keep / name).write_bytes(tried.content)
                print(f"{tried.number} ({tried.part}, {tried.how}): {result}")
    opener.close()
    for (result, kind), count in sorted(counts.items()):
        print(f"{count:7,}  {kind:12}  {result}")
    print(f"{sum(counts.values()):7,}  in {time.perf_counter() - start:.0f} s; {bad} are errors")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
