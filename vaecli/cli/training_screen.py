"""The progress of a training run: a live screen on a terminal, a line per epoch in a pipe, JSON, or nothing."""

import contextlib
from collections.abc import Iterator

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from vaecli.cli import console
from vaecli.cli.bars import Bars
from vaecli.cli.cells import picture
from vaecli.cli.training_json import JsonWatcher
from vaecli.runs.progress import Epoch, Plan, Watcher

SHOWN_ROWS = 8
SHOWN_SAMPLES = 5  # as many as fit into 80 columns
COLUMNS = (  # of metrics.csv, title, format
    ("epoch", "epoch", ".0f"),
    ("loss", "loss", ".2f"),
    ("reconstruction", "recon.", ".2f"),
    ("kl", "KL", ".2f"),
    ("val_loss", "val. loss", ".2f"),
    ("learning_rate", "rate", ".1e"),
    ("seconds", "seconds", ".1f"),
    ("images_per_second", "images/s", ",.0f"),
)


@contextlib.contextmanager
def watching(*, quiet: bool, as_json: bool) -> Iterator[Watcher]:
    """Yield the watcher that fits the options and stderr."""
    if as_json:
        yield JsonWatcher(quiet=quiet)
    elif quiet:
        yield Watcher()
    elif console.is_interactive():
        screen = Screen()
        try:
            yield screen
        finally:
            screen.close()
    else:
        yield PlainWatcher()


class NotingWatcher(Watcher):
    """A watcher that prints notes."""

    def note(self, message: str) -> None:
        """Print the note on stderr."""
        console.note(message)


class PlainWatcher(NotingWatcher):
    """One plain line per epoch on stderr."""

    def __init__(self) -> None:
        self._reading = ""

    def read(self, name: str, done: int, total: int) -> None:
        """Print what is read, and how many pictures, once for each `name`."""
        if name != self._reading:
            self._reading = name
            console.progress_line(f"{name}: {total:,} ...")

    def started(self, plan: Plan) -> None:
        """Print what is trained."""
        console.progress_line(headline(plan))

    def epoch_ended(self, epoch: Epoch) -> None:
        """Print the figures of the epoch, each with its name."""
        parts = [f"{title} {console.number(epoch.row[name], form)}" for name, title, form in COLUMNS]
        if epoch.active_units is not None:
            parts.append(f"active {epoch.active_units}/{len(epoch.kl)}")
        console.progress_line("  ".join(parts) + ("  best" if epoch.best else ""))

    def exporting(self) -> None:
        """Print that the export begins."""
        console.progress_line("Exporting to ONNX and checking ...")


class Screen(NotingWatcher):
    """A live screen: samples, a table of the last epochs, a bar of the epochs and one of the steps."""

    def __init__(self) -> None:
        self._ended_epochs: list[Epoch] = []
        self._samples = Text()
        self._bars = Progress(
            TextColumn("{task.description:<7}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[speed]}"),
            console=console.stderr(),
        )
        self._epochs: TaskID | None = None
        self._steps: TaskID | None = None
        self._downloads = Bars(quiet=False)
        self._live = Live(console=console.stderr(), get_renderable=self._render, refresh_per_second=4)
        self._plan: Plan | None = None

    def downloaded(self, name: str, received: int, total: int) -> None:
        """Move the bar of a file that is downloaded."""
        self._downloads.download(name, received, total)

    def read(self, name: str, done: int, total: int) -> None:
        """Move the bar of the pictures that are read."""
        self._downloads.count(name, done, total)

    def started(self, plan: Plan) -> None:
        """Print what is trained, and start the bars."""
        self._downloads.stop()
        self._plan = plan
        console.progress_line(headline(plan))
        self._epochs = self._bars.add_task("epochs", total=plan.epochs, completed=plan.first_epoch, speed="")
        self._steps = self._bars.add_task("steps", total=plan.steps_per_epoch, speed="")
        self._live.start()

    def stepped(self, epoch: int, steps: int, images_per_second: float) -> None:
        """Move the bars of the epochs and of the steps."""
        if self._steps is not None and self._epochs is not None and self._plan:
            done = epoch - 1 + steps / self._plan.steps_per_epoch
            self._bars.update(self._epochs, completed=done)
            self._bars.update(self._steps, completed=steps, speed=f"{images_per_second:,.0f} images/s")

    def fitting_prior(self) -> None:
        """Say why the bar of the steps waits."""
        if self._steps is not None:
            self._bars.update(self._steps, speed="fitting the mixture")

    def epoch_ended(self, epoch: Epoch) -> None:
        """Add a row to the table, draw new samples, and start the bar of the steps again."""
        self._ended_epochs.append(epoch)
        width = min(console.stderr().width, 80)
        self._samples = picture(epoch.samples(SHOWN_SAMPLES), width=width, columns=SHOWN_SAMPLES)
        if self._steps is not None:
            self._bars.reset(self._steps)

    def exporting(self) -> None:
        """Stop drawing; the screen stays, with a line below it."""
        self.close()
        console.progress_line("Exporting to ONNX and checking ...")

    def close(self) -> None:
        """Stop drawing; does nothing if drawing has stopped already."""
        self._downloads.stop()
        self._live.stop()

    def _render(self) -> Group:
        return Group(self._samples, self._table(), self._bars) if self._ended_epochs else Group(self._bars)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 1))
        for _, title, _ in COLUMNS:
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("active", justify="right", no_wrap=True)
        for epoch in self._ended_epochs[-SHOWN_ROWS:]:
            cells = [console.number(epoch.row[name], form) for name, _, form in COLUMNS]
            active = "" if epoch.active_units is None else f"{epoch.active_units}/{len(epoch.kl)}"
            table.add_row(*cells, active, style="bold" if epoch.best else "dim")
        return table


def headline(plan: Plan) -> str:
    """Return three lines: run and images; sizes and precision; batch size and learning rate."""
    devices = f" on {plan.devices} devices" if plan.devices > 1 else ""
    epochs = "1 epoch" if plan.epochs == 1 else f"{plan.epochs} epochs"
    steps = "1 step" if plan.steps_per_epoch == 1 else f"{plan.steps_per_epoch} steps"
    return (
        f"{plan.run}: {plan.n_train:,} images of {plan.data}, {plan.n_validation:,} held out,\n"
        f"{plan.parameters:,} parameters, {epochs} of {steps} in {plan.precision}{devices},\n"
        f"batches of {plan.batch_size:,}, learning rate {plan.learning_rate:.2g} at its peak."
    )
