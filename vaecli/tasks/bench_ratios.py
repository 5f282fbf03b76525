"""What a `vaecli bench --against` comes to: how many times as fast vaecli is as each kind of rival."""

import dataclasses
from collections.abc import Sequence

from vaecli.tasks.bench import TF2ONNX, VAECLI, Measurement


@dataclasses.dataclass(frozen=True)
class Ratio:
    """One of our decoders against the fastest rival of a kind.

    Attributes:
        precision: of our decoder.
        batch: images a call; None for work in bulk, which each cuts into the batches that suit it best.
        kind: `tf2onnx`, its file in onnxruntime's default session; `float32` or `bfloat16`, all in that precision.
        rival: the fastest of that kind.
        times: how many times as fast ours is.
    """

    precision: str
    batch: int | None
    kind: str
    rival: str
    times: float


def ratios(measured: Sequence[Measurement]) -> list[Ratio]:
    """All comparisons that a bench admits; none without peers."""
    decoders = [entry for entry in measured if not entry.file.startswith("encoder")]
    ours = [entry for entry in decoders if entry.runtime == VAECLI]
    rivals = [entry for entry in decoders if entry.runtime != VAECLI and not entry.file.endswith(".onnx")]
    kinds = {
        "tf2onnx": [entry for entry in rivals if entry.file == TF2ONNX],
        "float32": [entry for entry in rivals if entry.precision == "float32"],
        "bfloat16": [entry for entry in rivals if entry.precision == "bfloat16"],
    }
    return [
        _ratio([entry for entry in ours if entry.precision == precision], kind, others, batch)
        for precision in dict.fromkeys(entry.precision for entry in ours)
        for batch in [None, *dict.fromkeys(entry.batch for entry in ours)]
        for kind, others in kinds.items()
        if others
    ]


def _ratio(ours: list[Measurement], kind: str, others: list[Measurement], batch: int | None) -> Ratio:
    fastest, rival = _fastest(ours, batch), _fastest(others, batch)
    times = fastest.images_per_second / rival.images_per_second
    return Ratio(fastest.precision, batch, kind, rival.runtime, times)


def _fastest(entries: list[Measurement], batch: int | None) -> Measurement:
    """Of one batch size, or of all."""
    return max(
        (entry for entry in entries if batch in (None, entry.batch)),
        key=lambda entry: entry.images_per_second,
    )
