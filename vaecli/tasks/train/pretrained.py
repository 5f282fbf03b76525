"""`--start-from`: the kept weights of an earlier run as the initial weights of a new one."""

import dataclasses
from collections.abc import Sequence

from vaecli import checks
from vaecli.commands import command
from vaecli.config import read_options
from vaecli.data.images import ImageSet
from vaecli.errors import ModelError, OptionError
from vaecli.export import describe
from vaecli.options import TrainOptions
from vaecli.paths import shown, user_path
from vaecli.runs import layout
from vaecli.runs import state as states
from vaecli.runs.state import Arrays
from vaecli.training.networks import table

OPTION = "--start-from"


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """The kept weights of a run, and what a run that starts from them must share with it.

    Attributes:
        run: the run.
        epoch: the epoch after which it had these weights.
        weights: path of a variable -> its value.
        network: what decides its network: a name -> the option that sets it.
        class_names: names of its classes, in the order of its labels.
    """

    run: layout.Run
    epoch: int
    weights: Arrays
    network: dict[str, str]
    class_names: tuple[str, ...]

    @property
    def origin(self) -> dict[str, str | int]:
        """Return what provenance.json keeps of the run: its name, its epoch, and the hash of its weights."""
        return {"run": self.run.name, "epoch": self.epoch, "model_id": describe.model_id(self.weights)}


def read(options: TrainOptions) -> Pretrained | None:
    """Read the run that --start-from names; return None without that option.

    Raises:
        ModelError, ConfigError: it is no run, or has no completed epoch.
        TrainingError: its saved state is missing or damaged.
    """
    if options.start_from is None:
        return None
    run = layout.Run(user_path(options.start_from, option=OPTION, error=ModelError))
    data = run.read_provenance().get("data")
    previous = read_options(run.config)
    state = states.read(run.checkpoint).state
    if not state.best_weights:
        raise ModelError(
            f"{shown(run.path)} has no completed epoch, so there are no weights to start from.",
            hint=f"Continue its training: {command('train', '--resume', run.path)}",
        )
    try:
        height, width, channels = map(int, data["image_shape"])  # type: ignore[index]
        class_names = tuple(map(str, data["class_names"]))  # type: ignore[index]
    except (LookupError, TypeError, ValueError) as error:
        raise ModelError(
            f"{shown(run.provenance)} is damaged: its images have no shape or classes.",
            hint="Name another run.",
        ) from error
    network = _network(previous, (height, width, channels), len(class_names))
    return Pretrained(run, state.best_epoch, state.best_weights, network, class_names)


def require_same(pretrained: Pretrained | None, options: TrainOptions, data: ImageSet) -> None:
    """Refuse weights of another network than that for the images of `data`.

    Raises:
        OptionError: it names each difference.
    """
    if pretrained is None:
        return
    height, width, channels = data.images.shape[1:]
    current = _network(options, (height, width, channels), len(data.class_names))
    different = [name for name, setting in current.items() if pretrained.network[name] != setting]
    if different:
        theirs, ours = (
            " ".join(network[name] for name in different) for network in (pretrained.network, current)
        )
        raise OptionError(
            f"{OPTION} must name a run of the same network: {shown(pretrained.run.path)} has {theirs}, and this "
            f"run would have {ours}.",
            option=OPTION,
            hint=_remedy(pretrained.network, different, conditional=options.conditional),
        )
    if options.conditional:
        _require_same_classes(pretrained, data.class_names)


def _remedy(network: dict[str, str], different: Sequence[str], *, conditional: bool) -> str:
    """Return the options that make a network the same, as far as options can, or which to leave out."""
    words = [network[name] for name in different if name != "labels"]
    if "labels" in different:
        if conditional:  # the run has no labels, or another number of classes
            return f"Leave --conditional or {OPTION} out."
        words.append("--conditional")
    return f"Train with {' '.join(words)}, or leave {OPTION} out."


def _require_same_classes(pretrained: Pretrained, class_names: Sequence[str]) -> None:
    """Refuse other classes, or another order of them: each has weights of its own."""
    for number, (theirs, ours) in enumerate(zip(pretrained.class_names, class_names, strict=True)):
        if theirs != ours:
            raise OptionError(
                f"{OPTION} must name a run of the same classes: class {number} of {shown(pretrained.run.path)} is "
                f"{checks.shown(theirs)}, and that of this run is {checks.shown(ours)}.",
                option=OPTION,
                hint=f"Leave --conditional or {OPTION} out.",
            )


def _network(options: TrainOptions, shape: tuple[int, int, int], class_count: int) -> dict[str, str]:
    """Return what decides a network for images (H, W, C): a name -> the option that sets it."""
    height, width, channels = shape
    size = table.size_of(options, shape)
    return {
        "size": f"--image-size {height}x{width}",
        "colour": "--grey" if channels == 1 else "--rgb",
        "network": f"--network {options.network}",
        "width": f"--width {size.width}",
        "depth": f"--depth {size.depth}",
        "latent_dim": f"--latent-dim {options.latent_dim}",
        "likelihood": f"--likelihood {options.likelihood}",
        "labels": f"--conditional ({class_count} classes)" if options.conditional else "no --conditional",
    }
