"""Open thousands of mutated and hostile model files, in processes with limits.

    python examples/proofs/fuzz.py                  # 2,000 mutants, each twice, and 2,000 graphs: about ten minutes
    python examples/proofs/fuzz.py --count 300 --graphs 300 --seed 7

Each mutant of the tests' model files is tried twice: with its old digest, and with a corrected one, which
lets it past the first check. Each hostile graph is well-formed and asks for what export never writes: known
attacks, then random shapes, types and attributes. Every file must either raise a VaecliError or work (a
weight may have changed). A crash, a hang, too much memory or another exception is a failure: the file is kept
and the exit code is 1.
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
from fuzzing.opening import FAILURES, Opener, judge, write_model

MODEL = pathlib.Path(__file__).parents[2] / "tests" / "models" / "small"


def files(originals: dict[str, bytes], count: int, graphs: int, seed: int) -> Iterator[Mutant]:
    """Yield all files to try."""
    for number in range(count):
        yield from mutants(originals, number, seed)
    for number in range(graphs):
        yield hostile(originals["decoder"], number, seed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="number of mutants (default: 2000)")
    parser.add_argument("--graphs", type=int, default=2000, help="number of hostile graphs (default: 2000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL, help="folder of the original files")
    parser.add_argument(
        "--keep", type=pathlib.Path, default=pathlib.Path("fuzz-failures"), help="folder for failing files"
    )
    options = parser.parse_args()
    originals = {part: (options.model / f"{part}.onnx").read_bytes() for part in PARTS}
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    failures, opener, start = 0, Opener(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for mutant in files(originals, options.count, options.graphs, options.seed):
            result = opener.open(write_model(folder, originals, mutant), mutant.part)
            result = judge(mutant, originals[mutant.part], result)
            is_graph = mutant.change.startswith("graph")
            kind = "graph" if is_graph else "new digest" if mutant.stamped else "old digest"
            counts[result.split(": ")[-1 if result.startswith("refused") else 0], kind] += 1
            if result.startswith(FAILURES):
                failures += 1
                options.keep.mkdir(exist_ok=True)
                name = f"{options.seed}-{mutant.number}-{kind.replace(' ', '-')}-{mutant.part}.onnx"
                (options.keep / name).write_bytes(mutant.content)
                print(f"{mutant.number} ({mutant.part}, {mutant.change}): {result}")
    opener.close()
    for (result, kind), count in sorted(counts.items()):
        print(f"{count:7,}  {kind:12}  {result}")
    print(f"{sum(counts.values()):7,}  in {time.perf_counter() - start:.0f} s; {failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
