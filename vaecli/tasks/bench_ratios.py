"""The result of `vaecli bench --against`: how many times as fast vaecli is as the fastest baseline of each kind."""

import dataclasses
from collections.abc import Sequence

from vaecli.tasks.bench import Measurement
from vaecli.tasks.bench_contestants import TF2ONNX, VAECLI


@dataclasses.dataclass(frozen=True)
class Ratio:
    """The speed of one of vaecli's decoders divided by that of the fastest baseline of a kind.

    Attributes:
        precision: of vaecli's decoder.
        batch: images per call; None compares the two at their fastest batch sizes, which may differ.
        kind: the baselines that are compared: `tf2onnx` is its file in onnxruntime's default session; `float32` and
            `bfloat16` are all in that precision.
        rival: the runtime of the fastest baseline of that kind.
        times: the ratio; above 1, vaecli is faster.
    """

    precision: str
    batch: int | None
    kind: str
    rival: str
    times: float


def ratios(measured: Sequence[Measurement]) -> list[Ratio]:
    """Return the ratio for each decoder precision, batch size and kind of baseline; empty without baselines."""
    decoders = [entry for entry in measured if not entry.file.startswith("encoder")]
    ours = [entry for entry in decoders if entry.runtime == VAECLI]
    baselines = [entry for entry in decoders if entry.runtime != VAECLI and not entry.file.endswith(".onnx")]
    kinds = {
        "tf2onnx": [entry for entry in baselines if entry.file == TF2ONNX],
        "float32": [entry for entry in baselines if entry.precision == "float32"],
        "bfloat16": [entry for entry in baselines if entry.precision == "bfloat16"],
    }
    return [
        _ratio([entry for entry in ours if entry.precision == precision], kind, entries, batch)
        for precision in dict.fromkeys(entry.precision for entry in ours)
        for batch in [None, *dict.fromkeys(entry.batch for entry in ours)]
        for kind, entries in kinds.items()
        if entries
    ]


def _ratio(ours: list[Measurement], kind: str, baselines: list[Measurement], batch: int | None) -> Ratio:
    fastest, baseline = _fastest(ours, batch), _fastest(baselines, batch)
    times = fastest.images_per_second / baseline.images_per_second
    return Ratio(fastest.precision, batch, kind, baseline.runtime, times)


def _fastest(entries: list[Measurement], batch: int | None) -> Measurement:
    """Return the fastest entry at the batch size `batch`, or at any batch size if `batch` is None."""
    return max(
        (entry for entry in entries if batch in (None, entry.batch)),
        key=lambda entry: entry.images_per_second,
    )
