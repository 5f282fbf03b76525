"""`vaecli prior`: fit or change the prior of a trained run's model, without training."""

import dataclasses
import os
import pathlib

from vaecli import files, folders
from vaecli.choices import PriorChoice
from vaecli.commands import command
from vaecli.config import read_options, write_config
from vaecli.errors import ModelError
from vaecli.export import card
from vaecli.metrics.prior_fit import PriorOptions
from vaecli.modelfile.find import CARD, DECODERS, read_all
from vaecli.modelfile.prior_facts import StoredPrior
from vaecli.modelfile.read import ModelFile
from vaecli.modelfile.write import with_prior
from vaecli.paths import user_path
from vaecli.runs.layout import Run
from vaecli.runs.lock import locked
from vaecli.runtime.model import Model
from vaecli.tasks.prior.source import encode_run, fit
from vaecli.tasks.run_data import RunData
from vaecli.tasks.train.plots import draw_samples


@dataclasses.dataclass(frozen=True)
class Changed:
    """The prior that a run's model has now.

    Attributes:
        run: the run.
        prior: its description in the metadata.
        classes: name -> number of components of each class, 0 for a class of too few images; empty without labels.
    """

    run: pathlib.Path
    prior: dict[str, object]
    classes: dict[str, int]


def prior(
    run_path: str | os.PathLike[str], name: PriorChoice | None = None, components: int | None = None
) -> Changed:
    """Fit or change the prior of a run's exported model, and keep it for later training and exports.

    The files of the model change together or not at all. `normal`, and `mixture` where the model has one, only
    change its name.

    Args:
        run_path: a run with an exported model.
        name: `normal`, `mixture`, or `auto` for the better one on validation images, which is the default.
        components: number of components of the mixture, which is then the prior; by default chosen on validation
            images.

    Raises:
        OptionError: an unknown name, a number out of its range, or components of N(0, I).
        ModelError: the path is not a run or is damaged, its model is not exported, or its files do not fit.
        DataError: the run's images are not there, have changed, or are too few for the mixture.
        TrainingError: another process trains the run.
        OutputError: the files cannot be written.
    """
    run = Run(user_path(run_path, option="--model", error=ModelError))
    run.read_provenance()  # a folder that is not a run stays as it is
    requested = PriorOptions(name or ("auto" if components is None else "mixture"), components)
    with locked(run.lock):
        settings = read_options(run.config)
        current = _files(run)
        stored = _renamed(current[0], requested)
        if stored is None:
            opened = Model.open(run.model)
            encoded = encode_run(opened, RunData(run, _hash_of_images(run)))
            stored = fit(opened.info, encoded, requested)
        _write(run, current, stored, requested)
        changed = dataclasses.replace(settings, prior=requested.name, components=requested.components)
        write_config(run.config, changed)
        model = Model.open(run.model)
        if (run.plots / "samples.png").exists():
            draw_samples(run, model)
    return _changed(run, model, stored)


def _hash_of_images(run: Run) -> str:
    """Return the hash of the images of a run.

    Raises:
        ModelError: provenance.json is damaged.
    """
    data = run.read_provenance().get("data")
    sha256 = data.get("sha256") if isinstance(data, dict) else None
    if not isinstance(sha256, str):
        raise ModelError(
            f"{run.provenance} is damaged: it has no hash of the images.",
            hint="Restore that file from a backup, or train the run again.",
        )
    return sha256


def _files(run: Run) -> list[ModelFile]:
    """Read all files of the run's exported model, the float32 decoder first."""
    if not (run.model / DECODERS["float32"]).exists():
        raise ModelError(
            f"{run.path} has no exported model.", hint=f"Make it: {command('export', '-m', run.path)}"
        )
    return read_all(run.model)


def _renamed(decoder: ModelFile, requested: PriorOptions) -> StoredPrior | None:
    """Return the decoder's prior under another name, if nothing needs to be fitted for it."""
    if requested.components is not None or requested.name == "auto":
        return None
    facts = decoder.prior_facts()
    if requested.name == "mixture" and facts.weights is None:
        return None
    return StoredPrior(decoder.info.prior | {"name": requested.name}, facts)


def _write(run: Run, current: list[ModelFile], stored: StoredPrior, requested: PriorOptions) -> None:
    """Write all files of the model and its card anew, with another prior."""
    with folders.replacing_folder(run.model) as folder, files.translating(run.model):
        for file in current:
            training = {name: value for name, value in file.info.training.items() if name != "components"}
            info = file.info.replace(training=training | _options(requested))
            (folder / file.path.name).write_bytes(with_prior(file, info, stored))
        sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
        old_card = run.model / CARD
        if old_card.exists():
            info = current[0].info.replace(prior=stored.description)
            text = card.with_prior(old_card.read_text(encoding="utf-8"), info, sizes, _options(requested))
            (folder / CARD).write_text(text, encoding="utf-8")


def _options(requested: PriorOptions) -> dict[str, object]:
    """Return the options of the prior as `training` in the metadata holds them."""
    options: dict[str, object] = {"prior": requested.name}
    return options if requested.components is None else options | {"components": requested.components}


def _changed(run: Run, model: Model, stored: StoredPrior) -> Changed:
    counts = stored.facts.class_components
    names = model.info.class_names if counts is not None else ()
    classes = dict(zip(names, counts.tolist() if counts is not None else (), strict=True))
    return Changed(run.path, stored.description, classes)
