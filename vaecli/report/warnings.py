"""The faults that a report warns of, each with its figure and the options to try.

The bounds are such that none of the runs of the guide to the quality of samples is warned of under its own prior.
Among these, `classic` of 16 dimensions leaves up to 7 of them unused, and 55 % of the units of the encoder of
`dense` are dead, both without harm.
"""

import math

from vaecli.choices import DENSITIES
from vaecli.report.content import Warned
from vaecli.report.remedies import changed, free_bits, has_dying_units
from vaecli.report.signs import Signs

UNUSED_SHARE = 0.5  # of the dimensions
PRIOR_NATS = 2.0
DEAD_SHARE = 2 / 3  # of the units of a part
GAP_SHARE, GAP_ERRORS = 0.03, 3.0  # of the nats of held-out images, and standard errors
RISE_SHARE = 0.01  # of the lowest validation loss
DIMMEST = 96  # level of the brightest pixels: less contrast than this is most likely a wrong scale
OFF_BY = 40.0  # levels between the mean of images and that of decoded latents of validation images
OFF_BY_OF_SAMPLES = 80.0  # likewise of samples, whose mean is 42 lower for a poor prior
LEAST_SPREAD = 0.05
SAMPLE_RATIO = 8.0  # of Fréchet distances
LEAST_COPIES = 0.5

Result = Warned | None


def unused_dimensions(signs: Signs) -> Result:
    """Warn if half of the latent dimensions or more carry nothing."""
    if signs.unused is None or signs.unused.number < UNUSED_SHARE * signs.unused.total:
        return None
    count, total = signs.unused
    used = total - count
    return Warned(
        "Collapsed latent dimensions",
        f"{count} of {total} latent dimensions carry less than 0.01 nats: posterior and prior are equal there. "
        f"At most {_below(UNUSED_SHARE, total)} should be unused.",
        "Let the weight of the KL divergence rise more slowly"
        + (", or give each dimension some nats for nothing. " if free_bits(signs) else ". ")
        + (
            f"If {used} are enough, fewer dimensions lose nothing."
            if used
            else "The decoder ignores the latents."
        ),
        ["--kl-warmup 10", *free_bits(signs), *([f"--latent-dim {used}"] if used else [])],
    )


def prior_distance(signs: Signs) -> Result:
    """Warn if the latents of images are not where the prior draws from."""
    if signs.prior_distance is None or signs.prior_distance <= PRIOR_NATS:
        return None
    names = {"normal": "N(0, I)", "mixture": "the mixture"}
    return Warned(
        "Posterior and prior are far apart",
        f"The latents of images are at least {signs.prior_distance:,.1f} nats from the prior, "
        f"{names.get(signs.prior, signs.prior)}; at most {PRIOR_NATS:.0f} is usual. Samples are drawn where few "
        "images lie.",
        "Fit a mixture to the latents after training, or train with a larger weight of the KL divergence."
        if signs.prior == "normal"
        else "Fit the mixture again to the images that the model is used for.",
        ["vaecli prior --prior mixture", *(changed(signs, "beta", 2) if signs.prior == "normal" else [])],
    )


def overfitting(signs: Signs) -> Result:
    """Warn if training images are much better modelled than held-out ones, or the validation loss rises."""
    gap, rise = signs.gap, signs.rise
    lines = []
    if gap is not None and gap.nats > max(GAP_SHARE * abs(gap.held_out), GAP_ERRORS * gap.error):
        lines.append(
            f"Held-out images have {gap.nats:,.1f} \u00b1 {gap.error:,.1f} nats more than training images; at "
            f"most {GAP_SHARE * abs(gap.held_out):,.1f} is usual."
        )
    if rise is not None and rise.last - rise.lowest > RISE_SHARE * abs(rise.lowest):
        lines.append(
            f"The validation loss rose from {rise.lowest:,.1f} nats at epoch {rise.epoch} to {rise.last:,.1f} at "
            f"epoch {rise.last_epoch}."
        )
    if not lines:
        return None
    return Warned(
        "Overfitting",
        " ".join(lines),
        "Train on more images or on changed copies of them, with a smaller network, or stop earlier.",
        [
            "--augment flip,shift",
            *changed(signs, "width", 1 / 2),
            *changed(signs, "latent_dim", 1 / 2),
            *([f"--epochs {rise.epoch}"] if rise is not None and rise.epoch < rise.last_epoch else []),
        ],
    )


def dead_units(signs: Signs) -> Result:
    """Warn if two thirds of the units of a network or more never change."""
    lines = [
        f"{share.number:,} of {share.total:,} units of the {part} have the same value for every image; "
        f"at most {_below(DEAD_SHARE, share.total):,} should."
        for part, share in signs.dead.items()
        if share.total and share.number >= DEAD_SHARE * share.total
    ]
    if not lines:
        return None
    has_relu = has_dying_units(signs)
    return Warned(
        "Dead units",
        " ".join(lines),
        "A lower learning rate kills fewer units, and a narrower network costs less."
        + (" The network conv has activations that do not die." if has_relu else ""),
        [
            *changed(signs, "learning_rate", 1 / 4),
            *(["--network conv"] if has_relu else []),
            *changed(signs, "width", 1 / 2),
        ],
    )


def wrong_scale(signs: Signs) -> Result:
    """Warn if pixels use a small part of 0 to 255, are far from those of samples, or are binary by mistake."""
    levels = signs.levels
    if levels is None:
        return None
    reach = levels.brightest - levels.darkest
    if reach < DIMMEST:
        return Warned(
            "Wrong scale of the data",
            f"The pixels lie between {levels.darkest} and {levels.brightest} of 0 to 255: a reach of {reach} "
            f"levels, where at least {DIMMEST} are usual.",
            "Stretch the pixels to 0 to 255, or write the pictures again with all levels.",
            ["--stretch", "vaecli data info DATA"],
        )
    most = OFF_BY_OF_SAMPLES if levels.are_samples else OFF_BY
    if levels.decoded is not None and abs(levels.mean - levels.decoded) > most:
        return Warned(
            "Wrong scale of the data",
            f"The mean of the images is {levels.mean:.0f} of 255, that of pictures of the model "
            f"{levels.decoded:.0f}; a difference of at most {most:.0f} is usual. The images may be negatives of "
            "the training images, or have another scale.",
            "Measure images like those of the training: the same polarity and scale.",
            ["--data DATA"],
        )
    return None


def binary_pixels(signs: Signs) -> Result:
    """Warn if binary pixels are modelled by a density of grey ones."""
    levels = signs.levels
    if levels is None or levels.distinct > 2 or signs.likelihood not in DENSITIES:
        return None
    return Warned(
        "Binary pixels under a density of grey ones",
        f"The images have {levels.distinct} different values of pixels, and the likelihood is {signs.likelihood}. "
        f"Its density grows {DENSITIES[signs.likelihood]} on such images, so that nats mean little.",
        "Take the likelihood of binary pixels.",
        ["--likelihood bernoulli"],
    )


def constant_pictures(signs: Signs) -> Result:
    """Warn if all reconstructions are one picture."""
    if signs.spread is None or signs.spread >= LEAST_SPREAD:
        return None
    return Warned(
        "Constant pictures",
        f"Reconstructions differ from each other by {signs.spread:.1%} of what images do; below "
        f"{LEAST_SPREAD:.0%} all are one picture.",
        "The decoder ignores the latents, or training failed. Train with a lower learning rate, or let the weight "
        "of the KL divergence rise more slowly.",
        [*changed(signs, "learning_rate", 1 / 4), "--kl-warmup 10", *free_bits(signs)],
    )


def not_finite(signs: Signs) -> Result:
    """Warn if a metric is NaN or infinite for some image."""
    if not signs.not_finite:
        return None
    listed = ", ".join(f"{name} of {count:,} images" for name, count in signs.not_finite.items())
    return Warned(
        "Figures that are not numbers",
        f"NaN or infinite: {listed}. There should be none.",
        "Check that the files compute what they computed at the export. Then train with a lower learning rate.",
        ["vaecli verify", *changed(signs, "learning_rate", 1 / 4)],
    )


def poor_samples(signs: Signs) -> Result:
    """Warn if samples are much further from real images than reconstructions are."""
    if signs.sample_ratio is None or not signs.sample_ratio > SAMPLE_RATIO:
        return None
    return Warned(
        "Samples are much worse than reconstructions",
        f"Their Fr\u00e9chet distance is {signs.sample_ratio:.1f} times that of reconstructions; at most "
        f"{SAMPLE_RATIO:.0f} is usual with N(0, I), and 1.3 with a mixture and 10,000 images.",
        "Draw from a mixture that is fitted to the latents.",
        ["vaecli prior --prior mixture", "--components 100"],
    )


def copied_images(signs: Signs) -> Result:
    """Warn if samples lie nearer to training images than new images do."""
    if signs.copies is None or not signs.copies < LEAST_COPIES:
        return None
    return Warned(
        "Samples copy training images",
        f"Samples are {signs.copies:.2f} times as far from their nearest training image as new images are, in the "
        f"median; below {LEAST_COPIES} they are likely copies.",
        "Look at the closest pairs. Train on more images, or with fewer components of the mixture.",
        ["--components 20", "--augment flip,shift"],
    )


def _below(share: float, total: int) -> int:
    """Return the largest number that is less than a share of `total`."""
    return math.ceil(share * total) - 1
