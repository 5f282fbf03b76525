"""The end of a training run: .keras files, the exported and checked model, plots; all of it, or what is missing."""

from typing import TYPE_CHECKING

from vaecli import files
from vaecli.errors import ModelError
from vaecli.modelfile.find import DECODERS
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.tasks import export
from vaecli.tasks.train import plots
from vaecli.tasks.train.job import Job

if TYPE_CHECKING:
    from vaecli.training.vae import Vae


def missing(job: Job) -> list[str]:
    """The results that are not there, or belong to other weights than the state's best or to another history."""
    run = job.run
    keras_files = [path.name for path in (run.encoder, run.decoder) if not path.exists()]
    model = [] if export.is_current(run) else [run.model.name]
    names = plots.names(run, job.options.latent_dim)
    drawn = all((run.plots / name).exists() for name in names)
    return keras_files + model + ([] if drawn else [run.plots.name])


def finish(job: Job, vae: "Vae", wanted: list[str], watch: Watcher) -> float | None:
    """Make the results in `wanted`, which come from `missing`.

    Returns:
        The largest difference between Keras and the exported files; None if they were not made.
    """
    run, parity = job.run, None
    watch.exporting()
    redraw = run.model.name in wanted or run.plots.name in wanted
    if redraw:  # pictures of other weights do not outlive this: what is there is right
        for name in plots.names(run, job.options.latent_dim):
            with files.translating(run.plots):
                (run.plots / name).unlink(missing_ok=True)
    if run.model.name in wanted:  # the .keras files come with it
        parity = max(line.largest for line in _export(run, watch).table)
    elif wanted != [run.plots.name]:
        export.save_keras(run, vae)
    if redraw:
        plots.draw(run, job.data, job.held_out)
    return parity


def _export(run: Run, watch: Watcher) -> export.Exported:
    """Export with the decoders in fewer bits that are there; without them, if the new weights do not admit them."""
    there = [name for name, file in DECODERS.items() if name != "float32" and (run.model / file).exists()]
    try:
        return export.export_locked(run, precisions=there, force=True)
    except ModelError as error:
        if not there:
            raise
        watch.note(f"Exported without {' and '.join(DECODERS[name] for name in there)}: {error.message}")
        return export.export_locked(run, force=True)
