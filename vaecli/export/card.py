"""MODEL_CARD.md: what a model folder is, for whoever finds it."""

from collections.abc import Mapping, Sequence

from vaecli.choices import Precision
from vaecli.export.parity import Difference
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.metadata import ModelInfo


def model_card(
    info: ModelInfo,
    table: Sequence[Difference],
    sizes: Mapping[str, int],
    losses: Mapping[Precision, Mapping[str, float]],
) -> str:
    """The card as Markdown: use, inputs and outputs, training, figures, parity."""
    height, width, channels = info.image_shape
    image, latent = f"(N, {height}, {width}, {channels})", f"(N, {info.latent_dim})"
    lines = [
        f"# {info.name}",
        "",
        f"A variational autoencoder (`{info.network}`, {info.latent_dim} latent dimensions) trained on "
        f"{info.data['count']:,} images of `{info.data['name']}` by vaecli {info.software['vaecli']}, "
        f"{info.created}.",
        "",
        "| file | bytes | input | outputs |",
        "|---|---|---|---|",
        f"| `encoder.onnx` | {sizes['encoder.onnx']:,} | `image` {image}, float32 in [0, 1] | "
        f"`z_mean`, `z_log_var` {latent} |",
        f"| `decoder.onnx` | {sizes['decoder.onnx']:,} | `z` {latent}, float32 | "
        f"`image` {image} in [0, 1], {_names(info)} {image} |",
        *(
            f"| `{DECODERS[name]}` | {sizes[DECODERS[name]]:,} | as `decoder.onnx` | as `decoder.onnx` |"
            for name in losses
        ),
        "",
        "Standard ONNX operators, float32 in and out, any batch size N. With vaecli, which needs no TensorFlow "
        "for it:",
        "",
        "    pip install vaecli",
        "    vaecli sample -m FOLDER -o sheet.png",
        "    vaecli interpolate a.png b.png -m FOLDER",
        "    vaecli eval -m FOLDER",
        "",
        f"Pixels are divided by {info.preparation['scale']}; pictures are {info.preparation['polarity']}. "
        f"Prior: {info.prior['name']}. Likelihood: {info.likelihood['name']}.",
        "",
        "## Figures",
        "",
        "On validation images, in nats; reconstruction is the cross-entropy summed over pixels, which on grey "
        "pixels is not a log-likelihood.",
        "",
        "| what | value |",
        "|---|---|",
        *(f"| {name} | {_shown(value)} |" for name, value in info.training.items()),
        "",
        "## Parity",
        "",
        "Largest and mean difference between Keras and these files in onnxruntime, when they were exported.",
        "",
        "| part | inputs | batch | output | largest | mean | bound |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {line.part} | {line.inputs} | {line.batch} | {line.output} | {line.largest:.1e} | "
            f"{line.mean:.1e} | {line.bound:.1e} |"
            for line in table
        ),
        "",
        *(line for name, loss in losses.items() for line in _section(name, loss)),
    ]
    return "\n".join(lines)


def _section(precision: Precision, loss: Mapping[str, float]) -> list[str]:
    how = {
        "int8": "computes in 8-bit integers: faster, and nearly the same",
        "fp16": "holds its weights in half the bytes and computes in float32",
    }
    return [
        f"## {precision}",
        "",
        f"`{DECODERS[precision]}` {how[precision]} (`--precision {precision}`). Against "
        "`decoder.onnx`: mean absolute difference in grey levels on posterior samples of validation images, on the "
        "prior and at norm 10, and change of the ELBO in nats on validation images.",
        "",
        "| what | value |",
        "|---|---|",
        *(f"| {name} | {value:.4f} |" for name, value in loss.items()),
        "",
    ]


def _names(info: ModelInfo) -> str:
    return ", ".join(f"`{name}`" for name in info.likelihood["outputs"])


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) and abs(value) >= 1 else str(value)
