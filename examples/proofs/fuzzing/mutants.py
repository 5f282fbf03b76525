"""Mutated model files: random bits and spans, one protobuf field, or one value of a metadata entry changed."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from vaecli.choices import RANKED, Precision
from vaecli.modelfile import facts, onnx_schema, prior_facts, protobuf, score_facts, stored_mixture
from vaecli.modelfile.golden import KEY_GOLDEN
from vaecli.modelfile.metadata import KEY_DIGEST, KEY_INFO
from vaecli.modelfile.protobuf import field, varint_bytes
from vaecli.modelfile.write import with_digest, with_metadata

PARTS: dict[str, Precision] = {  # files of a model, and the precision with which each is opened
    "decoder": "float32",
    "encoder": "float32",
    "decoder.int8": "int8",
    "decoder.fp16": "fp16",
}
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2.0, 2**18, 2**63, 1e308, float("nan"), float("inf"), 10**400),
    *("", "x", "AAAA", "\x1b[2J", "x" * 5000, [], {}, [[]], [1], [2**18, 2**18], [1] * 20_000),
    *("uint8", "int64", "float64", "object", {"dtype": "float64", "shape": [1], "data": "AAAAAAAAAAA="}),
)
EXTREMES = (0, 1, 2, 127, 128, 255, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A file to try.

    Attributes:
        number: the file is made again from this number and the seed.
        change: the mutation, or the attack.
        stamped: true if its digest was corrected after the change.
        part: the file of the model that it replaces, a key of `PARTS`.
        content: its bytes.
    """

    number: int
    change: str
    stamped: bool
    part: str
    content: bytes


def mutants(originals: dict[str, bytes], number: int, seed: int) -> list[Mutant]:
    """Return mutant `number` of a seed twice: with the old digest, and with a corrected one."""
    rng = np.random.default_rng((seed, number))
    part = list(PARTS)[number % len(PARTS)]
    name = list(MUTATIONS)[int(rng.integers(len(MUTATIONS)))]
    content = MUTATIONS[name](originals[part], rng)
    mutant = Mutant(number, name, False, part, content)
    return [mutant, dataclasses.replace(mutant, stamped=True, content=restamped(content))]


def restamped(content: bytes) -> bytes:
    """Return the content with a correct digest, or unchanged if its metadata cannot be read any more."""
    try:
        return with_digest(content)
    except (protobuf.WireError, KeyError):
        return content


def _span(content: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """Return a span of up to 64 bytes, half the time outside the constants, which fill most of a file."""
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
    """Change, repeat, remove or renumber one field; all lengths around it stay correct."""
    return _rebuilt(content, onnx_schema.MODEL, rng)


def _rebuilt(content: bytes, table: onnx_schema.Table, rng: np.random.Generator) -> bytes:
    fields = list(protobuf.fields(content, 0, len(content)))
    if not fields:
        return field(int(rng.integers(1, 30)), 1, protobuf.VARINT)
    index = int(rng.integers(len(fields)))
    pieces = [(number, kind, content[first:last]) for number, kind, first, last in fields]
    number, kind, payload = pieces[index]
    inner = table[number].kind if number in table else None
    if isinstance(inner, dict) and rng.random() < 0.9:
        pieces[index] = number, kind, _rebuilt(payload, inner, rng)
    else:
        action = int(rng.integers(5))
        if action == 0:
            del pieces[index]
        elif action == 1:
            pieces.insert(index, pieces[index])
        elif action == 2:
            pieces[index] = int(rng.integers(1, 32)), kind, payload
        elif kind == protobuf.VARINT:
            pieces[index] = number, kind, varint_bytes(EXTREMES[int(rng.integers(len(EXTREMES)))])
        elif kind == protobuf.BYTES:
            pieces[index] = (
                number,
                kind,
                (b"", b"x" * 5000, b"If", payload[:-1], payload[::-1])[int(rng.integers(5))],
            )
        else:
            pieces[index] = number, kind, rng.bytes(len(payload))
    return b"".join(field(number, payload, kind) for number, kind, payload in pieces)


def _entry(content: bytes, rng: np.random.Generator) -> bytes:
    """Change, add or remove one value of the description, the golden vectors or facts; keep the old digest."""
    entries = {key: text for key, (text, _) in protobuf.metadata(content).items()}
    info, digest = json.loads(entries[KEY_INFO]), entries.pop(KEY_DIGEST)
    entries[facts.KEY_FACTS] = _facts(info["latent_dim"], len(info["class_names"]), rng).to_text()
    entries[score_facts.KEY_SCORE] = _score_facts(info["latent_dim"], rng).to_text()
    prior = _prior_facts(info["latent_dim"], len(info["class_names"]), rng)
    entries[prior_facts.KEY_PRIOR] = prior.to_text()
    keys = (
        *(KEY_GOLDEN, facts.KEY_FACTS, facts.KEY_FACTS),
        *(score_facts.KEY_SCORE, prior_facts.KEY_PRIOR, prior_facts.KEY_PRIOR, KEY_INFO),
    )
    key = keys[int(rng.integers(len(keys)))]
    document = json.loads(entries[key])
    places = list(_places(document))
    container, place = places[int(rng.integers(len(places)))]
    if rng.random() < 0.1:
        del container[place]
    else:
        name = "secret" if isinstance(container, dict) and rng.random() < 0.1 else place
        container[name] = ODD_VALUES[int(rng.integers(len(ODD_VALUES)))]
    changed = with_metadata(content, entries | {key: json.dumps(document)})
    _, where = protobuf.metadata(changed)[KEY_DIGEST]
    return changed[:where] + digest.encode() + changed[where + len(digest) :]


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) for each value at every depth of a JSON document."""
    keys = list(document) if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from _places(document[key])


def _facts(latent_dim: int, class_count: int, rng: np.random.Generator) -> facts.Facts:
    arrays: dict[str, np.ndarray] = {
        "kl": rng.random(latent_dim),
        "z_mean": rng.normal(size=latent_dim),
        "z_covariance": np.eye(latent_dim),
        "examples": rng.normal(size=(5, latent_dim)),
    }
    if class_count:
        arrays |= {"class_counts": np.ones(class_count), "class_means": np.ones((class_count, latent_dim))}
        arrays["example_labels"] = rng.integers(0, class_count, 5)
    return facts.from_arrays(arrays, latent_dim=latent_dim, class_count=class_count)


def _prior_facts(latent_dim: int, class_count: int, rng: np.random.Generator) -> prior_facts.PriorFacts:
    def mixture(count: int) -> tuple[np.ndarray, np.ndarray]:
        factors = np.tril(rng.normal(size=(count, latent_dim, latent_dim)), -1) + np.eye(latent_dim)
        means = rng.normal(size=(count, latent_dim)).astype(np.float32)
        return means, stored_mixture.packed_scales(factors)

    own = prior_facts.PriorFacts(np.full(3, 1 / 3), *mixture(3))
    if not class_count:
        return own
    means, scales = mixture(class_count)
    return dataclasses.replace(
        own,
        class_components=np.ones(class_count, np.int64),
        class_weights=np.ones(class_count),
        class_means=means,
        class_scales=scales,
    )


def _score_facts(latent_dim: int, rng: np.random.Generator) -> score_facts.ScoreFacts:
    size, count = latent_dim + score_facts.LOGS, 3
    scales = np.tril(rng.normal(size=(count, size, size)), -1) + np.eye(size)
    shape = (len(RANKED), score_facts.LEVELS)
    return score_facts.ScoreFacts(
        count=np.array([200]),
        dimensions=np.arange(latent_dim),
        weights=np.full(count, 1 / count),
        means=rng.normal(size=(count, size)).astype(np.float32),
        scales=stored_mixture.packed_scales(scales),
        quantiles=np.cumsum(rng.random(shape), axis=1).astype(np.float32),
        rates=np.ones(score_facts.STATISTIC_COUNT),
    )


def _leaves(content: bytes) -> list[tuple[int, int]]:
    """Return start and end of the payload of each field, at every depth of the file."""

    def walk(table: onnx_schema.Table, start: int, end: int) -> None:
        for number, _, first, last in protobuf.fields(content, start, end):
            inner = table[number].kind if number in table else None
            if isinstance(inner, dict):
                walk(inner, first, last)
            else:
                leaves.append((first, last))

    leaves: list[tuple[int, int]] = []
    walk(onnx_schema.MODEL, 0, len(content))
    return leaves


MUTATIONS = {
    "bits": _bits,
    "overwritten": _overwritten,
    "cut out": _cut_out,
    "put in": _put_in,
    "copied": _copied,
    "ended early": _ended_early,
    "field": _field,
    "one field": _field,  # twice as often: these mutants get furthest
    "entry": _entry,
    "one entry": _entry,
}
