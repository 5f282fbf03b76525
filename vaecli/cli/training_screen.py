"""How training shows itself: a live screen on a terminal, a line an epoch in a pipe, JSON, or nothing."""

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
from vaecli.runs.progress import Epoch, Plan, Watcher

SHOWN_ROWS = 8
PICTURED = 5  # samples on the screen, as many as fit into 80 columns
COLUMNS = (
    ("epoch", "epoch", "{:.0f}"),
    ("loss", "loss", "{:.2f}"),
    ("reconstruction", "recon.", "{:.2f}"),
    ("kl", "KL", "{:.2f}"),
    ("val_loss", "val. loss", "{:.2f}"),
    ("learning_rate", "rate", "{:.1e}"),
    ("seconds", "seconds", "{:.1f}"),
    ("images_per_second", "images/s", "{:,.0f}"),
)


@contextlib.contextmanager
def watching(*, quiet: bool, as_json: bool) -> Iterator[Watcher]:
    """The watcher that fits where the output goes."""
    if as_json:
        yield JsonWatcher(quiet=quiet)
    elif quiet:
        yield Watcher()
    elif console.stderr().is_terminal:
        screen = Screen()
        try:
            yield screen
        finally:
            screen.close()
    else:
        yield PlainWatcher()


class NotingWatcher(Watcher):
    """Says what a user should know."""

    def note(self, message: str) -> None:
        """On stderr."""
        console.note(message)


class JsonWatcher(NotingWatcher):
    """One JSON object an epoch on stdout, notes on stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def note(self, message: str) -> None:
        """On stderr, unless all is to be quiet."""
        if not self._quiet:
            super().note(message)

    def epoch_ended(self, epoch: Epoch) -> None:
        """The row of metrics.csv, and whether it is the best so far."""
        row = epoch.row
        console.print_json(
            row | {"epoch": int(row["epoch"]), "active_units": epoch.active_units, "best": epoch.best}
        )


class PlainWatcher(NotingWatcher):
    """One plain line an epoch on stderr."""

    def started(self, plan: Plan) -> None:
        """The headline."""
        console.stderr().print(headline(plan), soft_wrap=True)

    def epoch_ended(self, epoch: Epoch) -> None:
        """The columns of the live table, named."""
        parts = [f"{title} {form.format(epoch.row[name])}" for name, title, form in COLUMNS]
        if epoch.active_units is not None:
            parts.append(f"active {epoch.active_units}/{len(epoch.kl)}")
        console.stderr().print(Text("  ".join(parts) + ("  best" if epoch.best else "")), soft_wrap=True)

    def exporting(self) -> None:
        """One line."""
        console.stderr().print("Exporting to ONNX and checking ...")


class Screen(NotingWatcher):
    """Two bars, a table of the last epochs, and a few samples."""

    def __init__(self) -> None:
        self._epochs_done: list[Epoch] = []
        self._picture = Text()
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
        """A bar a file, until training begins."""
        self._downloads.download(name, received, total)

    def started(self, plan: Plan) -> None:
        """The headline, and the bars begin."""
        self._downloads.stop()
        self._plan = plan
        console.stderr().print(headline(plan))
        self._epochs = self._bars.add_task("epochs", total=plan.epochs, completed=plan.first_epoch, speed="")
        self._steps = self._bars.add_task("steps", total=plan.steps_per_epoch, speed="")
        self._live.start()

    def stepped(self, epoch: int, steps: int, images_per_second: float) -> None:
        """Move the bars."""
        if self._steps is not None and self._epochs is not None and self._plan:
            done = epoch - 1 + steps / self._plan.steps_per_epoch
            self._bars.update(self._epochs, completed=done)
            self._bars.update(self._steps, completed=steps, speed=f"{images_per_second:,.0f} images/s")

    def epoch_ended(self, epoch: Epoch) -> None:
        """A row in the table, new samples, and the step bar from the start."""
        self._epochs_done.append(epoch)
        width = min(console.stderr().width, 80)
        self._picture = picture(epoch.samples(PICTURED), width=width, columns=PICTURED)
        if self._steps is not None:
            self._bars.reset(self._steps)

    def exporting(self) -> None:
        """The screen stays as it is, with a line below it."""
        self.close()
        console.stderr().print("Exporting to ONNX and checking ...")

    def close(self) -> None:
        """Stop drawing; harmless when it has stopped."""
        self._downloads.stop()
        self._live.stop()

    def _render(self) -> Group:
        return Group(self._picture, self._table(), self._bars) if self._epochs_done else Group(self._bars)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 1))
        for _, title, _ in COLUMNS:
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("active", justify="right", no_wrap=True)
        for epoch in self._epochs_done[-SHOWN_ROWS:]:
            cells = [form.format(epoch.row[name]) for name, _, form in COLUMNS]
            active = "" if epoch.active_units is None else f"{epoch.active_units}/{len(epoch.kl)}"
            table.add_row(*cells, active, style="bold" if epoch.best else "dim")
        return table


def headline(plan: Plan) -> str:
    """What is trained, in two lines."""
    where = f" on {plan.devices} devices" if plan.devices > 1 else ""
    return (
        f"{plan.run}: {plan.n_train:,} images of {plan.data}, {plan.n_validation:,} held out,\n"
        f"{plan.parameters:,} parameters, {plan.epochs} epochs of {plan.steps_per_epoch} steps in {plan.precision}"
        f"{where}."
    )
