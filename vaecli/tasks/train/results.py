"""The results of a training run: .keras files, the exported and checked model, plots."""

from typing import TYPE_CHECKING

from vaecli import files
from vaecli.errors import ModelError
from vaecli.modelfile.find import DECODERS
from vaecli.runs.progress import Watcher
from vaecli.tasks import export
from vaecli.tasks.export import ExportOptions
from vaecli.tasks.train import plots
from vaecli.tasks.train.job import Job

if TYPE_CHECKING:
    from vaecli.training.vae import Vae


def missing(job: Job) -> list[str]:
    """Return the names in the run folder of results that are missing or were not made from the best weights."""
    run = job.run
    keras_files = [path.name for path in (run.encoder, run.decoder) if not path.exists()]
    model = [] if export.is_current(run) else [run.model.name]
    plot_names = plots.names(run, job.options.latent_dim)
    are_drawn = all((run.plots / name).exists() for name in plot_names)
    return keras_files + model + ([] if are_drawn else [run.plots.name])


def finish(job: Job, vae: "Vae", to_make: list[str], watch: Watcher) -> float | None:
    """Make the results that `missing` has named.

    Returns:
        The largest difference between Keras and the exported files; None if no files were exported.
    """
    run, parity = job.run, None
    watch.exporting()
    redraw = run.model.name in to_make or run.plots.name in to_make
    if redraw:  # first, so that a plot that exists always belongs to these weights
        for name in plots.names(run, job.options.latent_dim):
            with files.translating(run.plots):
                (run.plots / name).unlink(missing_ok=True)
    if run.model.name in to_make:  # also writes the .keras files
        parity = max(line.largest for line in _export(job, watch).table)
    elif to_make != [run.plots.name]:
        export.save_keras(run, vae)
    if redraw:
        plots.draw(run, job.data, job.held_out)
    return parity


def _export(job: Job, watch: Watcher) -> export.Exported:
    """Export float32 and the other precisions that the run has; if those fail, only float32, with a note."""
    exported = _export_possible(job, watch)
    if exported.prior_note:
        watch.note(exported.prior_note)
    return exported


def _export_possible(job: Job, watch: Watcher) -> export.Exported:
    run, data = job.run, (job.data, job.held_out)
    precisions = [
        name for name, file in DECODERS.items() if name != "float32" and (run.model / file).exists()
    ]
    try:
        return export.export_locked(run, ExportOptions(precisions=precisions, force=True), data)
    except ModelError as error:
        if not precisions:
            raise
        watch.note(f"Exported without {' and '.join(DECODERS[name] for name in precisions)}: {error.message}")
        return export.export_locked(run, ExportOptions(force=True), data)
