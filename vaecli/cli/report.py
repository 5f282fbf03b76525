"""The options of `vaecli eval` for a report, and what it prints of one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaecli.cli import console

if TYPE_CHECKING:
    from vaecli.tasks.report.write import Written

ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Page to write: figures, charts, pictures, warnings; the same as Markdown goes beside it.",
        show_default="none",
    ),
]


def show_report(written: "Written", *, quiet: bool) -> None:
    """Print the warnings of a report, and what was written."""
    target = written.target
    for warned in written.report.warnings:
        tries = f" To try: {', '.join(warned.options)}." if warned.options else ""
        console.note(f"{warned.title}: {warned.figure}{tries}")
    if not quiet:
        for part in written.report.left_out:
            console.progress_line(f"Left out of the report: {part.part}. {part.detail or part.reason}")
        paths = ", ".join(console.shown_path(path) for path in (target.page, target.markdown, target.folder))
        console.progress_line(f"Seconds of the report: {console.seconds(written.seconds)}.")
        console.progress_line(f"Report: {paths}")


def report_facts(written: "Written") -> dict[str, Any]:
    """Return what `--json` prints of a report."""
    target, report = written.target, written.report
    return {
        "page": console.shown_path(target.page),
        "markdown": console.shown_path(target.markdown),
        "warnings": [{"title": each.title, "figure": each.figure} for each in report.warnings],
        "left_out": [part.part for part in report.left_out],
        "seconds": dict(written.seconds),
    }
