"""Mutate the tests' model files and open what comes of it, in processes of their own with limits.

    python examples/fuzz.py                  # 4,000 mutants, a few minutes
    python examples/fuzz.py --count 300 --seed 7

Half of the mutants are left as they are; the other half get a digest that is right again, so that what lies behind
it is reached. Some are blind (bits, spans), some change one field of the file and keep all lengths right. Each has
to end in a VaecliError or to work: a weight may have changed. A crash, a hang, too much memory or another exception
is an error: its file is kept, and the exit code is 1.
"""

import argparse
import collections
import dataclasses
import multiprocessing
import multiprocessing.connection
import pathlib
import sys
import tempfile
import time

import numpy as np

from vaecli.errors import VaecliError
from vaecli.runtime import messages, wire
from vaecli.runtime.info import KEY_DIGEST, Precision
from vaecli.runtime.model import Model
from vaecli.runtime.modelfile import digest
from vaecli.tasks.verify import verify

MODEL = pathlib.Path(__file__).parent.parent / "tests" / "models" / "small"
PARTS: dict[str, Precision] = {  # the files of a model, and the precision that opens each
    "decoder": "float32",
    "encoder": "float32",
    "decoder.int8": "int8",
    "decoder.fp16": "fp16",
}
SECONDS = 20  # a mutant
MEMORY = 6 * 2**30  # address space of a process; onnxruntime and numpy alone map a good part of it
OPENED, CRASH, HANG, OTHER, UNNOTICED = "opened", "CRASH", "HANG", "OTHER EXCEPTION", "CHANGE NOT NOTICED"
BAD = (CRASH, HANG, OTHER, UNNOTICED)
EXTREMES = (0, 1, 2, 127, 128, 255, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One file: its number, what was done, whether its digest was made right, which file it was, its bytes."""

    number: int
    how: str
    stamped: bool
    part: str
    content: bytes


def mutant(originals: dict[str, bytes], number: int, seed: int) -> Mutant:
    """The mutant of a number, the same for the same seed."""
    rng = np.random.default_rng((seed, number))
    part = list(PARTS)[number % len(PARTS)]
    name = list(MUTATIONS)[int(rng.integers(len(MUTATIONS)))]
    content = MUTATIONS[name](originals[part], rng)
    stamped = number // len(PARTS) % 2 == 1
    return Mutant(number, name, stamped, part, restamped(content) if stamped else content)


def judged(tried: Mutant, original: bytes, result: str) -> str:
    """The outcome, once more: a change under a digest that was left alone has to be noticed."""
    unnoticed = result == OPENED and not tried.stamped and tried.content != original
    return UNNOTICED if unnoticed else result


def restamped(content: bytes) -> bytes:
    """With a digest that is right, where there is still a place for one."""
    try:
        _, where = wire.metadata(content)[KEY_DIGEST]
    except (wire.WireError, KeyError):
        return content
    return content[:where] + digest(content, where).encode() + content[where + 64 :]


def _span(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """A span of up to 64 bytes; half of them outside the constants, which fill most of a file."""
    start = int(rng.integers(len(content)))
    if rng.random() < 0.5:
        edges = [start for start, last in _leaves(content) if last - start < 200]
        start = edges[int(rng.integers(len(edges)))]
    return start, min(len(content), start + int(rng.integers(1, 65)))


def _bits(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        place = min(_span(content, rng)[0] + int(rng.integers(-2, 3)), len(content) - 1)
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _overwritten(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + rng.bytes(end - start) + content[end:]


def _cut_out(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + content[end:]


def _put_in(content: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(content, rng)
    return content[:start] + rng.bytes(end - start) + content[start:]


def _copied(content: bytes, rng: np.random.Generator) -> bytes:
    (start, end), (place, _) = _span(content, rng), _span(content, rng)
    return content[:place] + content[start:end] + content[place:]


def _ended_early(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(len(content)))]


def _field(content: bytes, rng: np.random.Generator) -> bytes:
    """One field changed, doubled, removed or moved, with all lengths around it right."""
    return _rebuilt(content, messages.MODEL, rng)


def _rebuilt(content: bytes, table: messages.Table, rng: np.random.Generator) -> bytes:
    found = list(wire.fields(content, 0, len(content)))
    if not found:
        return _encoded(int(rng.integers(1, 30)), wire.VARINT, 1)
    at = int(rng.integers(len(found)))
    pieces = [(number, kind, content[first:last]) for number, kind, first, last in found]
    number, kind, payload = pieces[at]
    inner = table[number].kind if number in table else None
    if isinstance(inner, dict) and rng.random() < 0.9:
        pieces[at] = number, kind, _rebuilt(payload, inner, rng)
    else:
        action = int(rng.integers(5))
        if action == 0:
            del pieces[at]
        elif action == 1:
            pieces.insert(at, pieces[at])
        elif action == 2:
            pieces[at] = int(rng.integers(1, 32)), kind, payload
        elif kind == wire.VARINT:
            pieces[at] = number, kind, _varint(EXTREMES[int(rng.integers(len(EXTREMES)))])
        elif kind == wire.BYTES:
            pieces[at] = (
                number,
                kind,
                (b"", b"x" * 5000, b"If", payload[:-1], payload[::-1])[int(rng.integers(5))],
            )
        else:
            pieces[at] = number, kind, rng.bytes(len(payload))
    return b"".join(_encoded(*piece) for piece in pieces)


def _encoded(number: int, kind: int, payload: bytes | int) -> bytes:
    content = _varint(payload) if isinstance(payload, int) else payload
    return _varint(number << 3 | kind) + (_varint(len(content)) if kind == wire.BYTES else b"") + content


def _varint(value: int) -> bytes:
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def _leaves(content: bytes) -> list[tuple[int, int]]:
    """Where the payload of each field starts and ends, at every depth of the file."""

    def walk(table: messages.Table, start: int, end: int) -> None:
        for number, _, first, last in wire.fields(content, start, end):
            inner = table[number].kind if number in table else None
            if isinstance(inner, dict):
                walk(inner, first, last)
            else:
                leaves.append((first, last))

    leaves: list[tuple[int, int]] = []
    walk(messages.MODEL, 0, len(content))
    return leaves


MUTATIONS = {
    "bits": _bits,
    "overwritten": _overwritten,
    "cut out": _cut_out,
    "put in": _put_in,
    "copied": _copied,
    "ended early": _ended_early,
    "field": _field,
    "one field": _field,  # twice as often: these get furthest
}


def outcome(folder: pathlib.Path, part: str) -> str:
    """Open a model folder and use one of its files: what came of it, in a word or two."""
    try:
        model = Model.open(folder, precision=PARTS[part])
        if part == "encoder":
            model.encode(np.zeros((2, *model.image_shape), np.float32))
        else:
            model.sample(2)
        verify(folder)  # reads the golden vectors too; whether they pass does not matter here
    except VaecliError as error:
        return f"refused: {next((word for word in REASONS if word in error.message), 'other')}"
    except Exception as error:
        return f"{OTHER}: {type(error).__name__}: {error}"
    return OPENED


REASONS = (  # words of the messages
    "is empty",
    "not a whole ONNX file",
    "not one that vaecli made",
    "has format",
    "golden vectors",
    "two models",
    "does not fit",
    "is damaged",
    "was expected",
    "not as vaecli writes a file",
    "does not take",
    "cannot run",
)


def serve(pipe: "multiprocessing.connection.Connection") -> None:
    """The process that opens: (folder, part) in, outcome out."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415  # Unix has it

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        pipe.send(outcome(*pipe.recv()))


class Opener:
    """A process that opens files, started anew when one has brought it down."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, other = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def open(self, folder: pathlib.Path, part: str) -> str:
        """What came of a model folder."""
        self._pipe.send((folder, part))
        try:
            if self._pipe.poll(self._seconds):
                answer: str = self._pipe.recv()
                return answer
            result = HANG
        except (EOFError, OSError):
            self._process.join(5)
            result = f"{CRASH}: exit code {self._process.exitcode}"
        self.close()
        self._start()
        return result

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def written(folder: str | pathlib.Path, originals: dict[str, bytes], tried: Mutant) -> pathlib.Path:
    """A model folder with one file mutated."""
    for part, content in (originals | {tried.part: tried.content}).items():
        (pathlib.Path(folder) / f"{part}.onnx").write_bytes(content)
    return pathlib.Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("fuzz-found"))
    options = parser.parse_args()
    originals = {part: (options.model / f"{part}.onnx").read_bytes() for part in PARTS}
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    bad, opener, start = 0, Opener(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.count):
            tried = mutant(originals, number, options.seed)
            result = judged(
                tried, originals[tried.part], opener.open(written(folder, originals, tried), tried.part)
            )
            counts[result.split(": ")[-1 if result.startswith("refused") else 0], tried.stamped] += 1
            if result.startswith(BAD):
                bad += 1
                options.keep.mkdir(exist_ok=True)
                (options.keep / f"{options.seed}-{number}-{tried.part}.onnx").write_bytes(tried.content)
                print(f"mutant {number} ({tried.part}, {tried.how}): {result}")
    opener.close()
    for (result, stamped), count in sorted(counts.items()):
        print(f"{count:7,}  {'digest right' if stamped else 'as it is':12}  {result}")
    print(f"{options.count:7,}  in {time.perf_counter() - start:.0f} s; {bad} are errors")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
