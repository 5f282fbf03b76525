"""MODEL_CARD.md: a model folder described for people who receive it."""

import re
from collections.abc import Mapping, Sequence

from vaecli.choices import PRECISIONS, Precision
from vaecli.export import describe
from vaecli.export.parity import Difference
from vaecli.modelfile.find import DECODERS, ENCODERS
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.words import photo_in_words, prior_in_words
from vaecli.probability.likelihoods import in_words as likelihood_in_words

REDUCED = {
    "int8": "It computes in 8-bit integers: faster than float32, with small differences",
    "fp16": "They store their weights in half the bytes and compute in float32",
}


def model_card(
    info: ModelInfo,
    table: Sequence[Difference],
    sizes: Mapping[str, int],
    degradations: Mapping[Precision, Mapping[str, float]],
    model: str = "FOLDER",
) -> str:
    """Return the card as Markdown: files, use, training figures, parity, files of reduced precision.

    Args:
        info: the model's metadata.
        table: the differences between Keras and the float32 files, one per output, kind of input and batch size.
        sizes: file name -> number of bytes; the card lists these files.
        degradations: precision -> the figures of its files.
        model: what the commands name after `-m`.
    """
    size = describe.network_size(info)
    lines = [
        f"# {info.name}",
        "",
        f"A variational autoencoder (network `{info.network}` of width {size.width} and depth {size.depth}, "
        f"{info.latent_dim} latent dimensions), trained on {info.data['count']:,} images of `{info.data['name']}` "
        f"with vaecli {info.software['vaecli']} on {info.created}.",
        "",
        *_files(info, sizes),
        *_use(info, model),
        *_figures(info),
        *_parity(table),
        *(line for precision, figures in degradations.items() for line in _reduced(precision, figures)),
    ]
    return "\n".join(lines)


def _files(info: ModelInfo, sizes: Mapping[str, int]) -> list[str]:
    height, width, channels = info.image_shape
    image, latent = f"(N, {height}, {width}, {channels})", f"(N, {info.latent_dim})"
    raw_outputs = ", ".join(f"`{name}`" for name in info.likelihood["outputs"])
    label = (
        f"; `label` (N, {len(info.class_names)}), one-hot, or zeros for none" if info.is_conditional else ""
    )
    encoder = f"`image` {image}, float32 in [0, 1]{label} | `z_mean`, `z_log_var` {latent}"
    decoder = f"`z` {latent}, float32{label} | `image` {image} in [0, 1], {raw_outputs} {image}"
    names = [
        table[precision] for precision in PRECISIONS for table in (ENCODERS, DECODERS) if precision in table
    ]
    return [
        "| file | bytes | input | outputs |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {sizes[name]:,} | {encoder if name in ENCODERS.values() else decoder} |"
            for name in names
            if name in sizes
        ),
        "",
    ]


def _use(info: ModelInfo, model: str) -> list[str]:
    return [
        "The files use standard ONNX operators. Inputs and outputs are float32, and N is any batch size. To use "
        "them with vaecli (TensorFlow is not needed):",
        "",
        "    pip install vaecli",
        f"    vaecli sample -m {model} -o sheet.png",
        f"    vaecli interpolate a.png b.png -m {model}",
        f"    vaecli eval -m {model}",
        "",
        f"Input pixels are divided by {info.preparation['scale']}. Polarity of the training images: "
        f"{info.preparation['polarity']}. A picture of another size: {photo_in_words(info.preparation)}.",
        "",
        f"Likelihood: {likelihood_in_words(info.likelihood)}. {prior_line(info)}",
        "",
    ]


def prior_line(info: ModelInfo) -> str:
    """Return the sentence about the prior."""
    return f"Prior: {prior_in_words(info.prior)}."


def with_prior(card: str, info: ModelInfo, sizes: Mapping[str, int], options: Mapping[str, object]) -> str:
    """Return a card with the prior of `info`, its options and the sizes of the files; the rest stays.

    Args:
        card: the card of an earlier export.
        info: the model's metadata.
        sizes: file name -> number of bytes.
        options: those of the prior by their names in the table of training.
    """
    lines = []
    for line in card.splitlines():
        name = re.match(r"\| `?([\w.-]+)`? \|", line)
        if name and name[1] in ("prior", "components"):
            continue
        if name and name[1] in sizes:
            lines.append(re.sub(r"\| [\d,]+ \|", f"| {sizes[name[1]]:,} |", line, count=1))
        elif line.startswith("Likelihood: "):
            lines.append(re.sub(r"Prior: .*", prior_line(info), line))
        else:
            lines.append(line)
        if name and name[1] == "network":
            lines += [f"| {option} | {_value(value)} |" for option, value in options.items()]
    return "\n".join(lines) + "\n"


def _figures(info: ModelInfo) -> list[str]:
    pixels = info.likelihood
    note = f" ({pixels['note']})" if pixels.get("note") else ""
    term = f"negative log-likelihood summed over pixels{note}"
    if pixels["name"] == "bernoulli" and not pixels.get("binarised"):
        term = "cross-entropy summed over pixels; for grey pixels it is not a log-likelihood"
    return [
        "## Training",
        "",
        f"Losses are in nats per validation image. The reconstruction loss is the {term}.",
        "",
        "| name | value |",
        "|---|---|",
        *(f"| {name} | {_value(value)} |" for name, value in info.training.items()),
        "",
    ]


def _parity(table: Sequence[Difference]) -> list[str]:
    return [
        "## Parity",
        "",
        "Largest and mean absolute difference between Keras and the float32 files in onnxruntime, at export.",
        "",
        "| part | inputs | batch | output | largest | mean | bound |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {line.part} | {line.inputs} | {line.batch} | {line.output} | {line.largest:.1e} | "
            f"{line.mean:.1e} | {line.bound:.1e} |"
            for line in table
        ),
        "",
    ]


def _reduced(precision: Precision, figures: Mapping[str, float]) -> list[str]:
    names = " and ".join(f"`{table[precision]}`" for table in (DECODERS, ENCODERS) if precision in table)
    return [
        f"## {precision}",
        "",
        f"Of reduced precision (`--precision {precision}`): {names}. {REDUCED[precision]}. "
        "Compared with float32: mean absolute difference of the pictures in levels of 255 (mae) on posterior "
        "samples of validation images, on draws from the prior and on latents of norm 10, and the change of the "
        "ELBO in nats"
        + (", and the KL divergence of the posteriors in nats (kl)." if "kl" in figures else "."),
        "",
        "| name | value |",
        "|---|---|",
        *(f"| {name} | {value:.4f} |" for name, value in figures.items()),
        "",
    ]


def _value(value: object) -> str:
    if isinstance(value, Mapping):  # the run that training started from
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return f"{value:.3f}" if isinstance(value, float) and abs(value) >= 1 else str(value)
