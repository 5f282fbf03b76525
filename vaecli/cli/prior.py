"""`vaecli prior`."""

from typing import TYPE_CHECKING, Annotated

import typer

from vaecli.choices import PriorChoice
from vaecli.cli import console
from vaecli.cli.models import RUN_HINT, model_path
from vaecli.cli.parameters import JsonOption, QuietOption, RunOption

if TYPE_CHECKING:
    from vaecli.tasks.prior.prior import Changed


@console.usage_errors
def prior(
    run: RunOption = None,
    prior: Annotated[
        PriorChoice | None,
        typer.Option(
            help="Prior: N(0, I) or a mixture; auto is the better one on validation images.",
            show_default="auto",
        ),
    ] = None,
    components: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of Gaussians of the mixture.",
            show_default="chosen on validation images",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Fit or change the prior of a trained run, from which `sample` draws, without training.

    A mixture of Gaussians is fitted to posterior samples of the training images, and one to those of each class.
    Components with fewer than 5 images per latent dimension are refused, since they would copy images.

    [dim]vaecli prior[/dim]

    [dim]vaecli prior -m runs/fashion-mnist-1 --components 40[/dim]

    [dim]vaecli prior --prior normal[/dim]
    """
    from vaecli.tasks.prior.prior import prior as task

    path = model_path(run, quiet=quiet, hint=RUN_HINT)
    with console.status("Fitting the prior ...", quiet=quiet or as_json):
        result = task(path, prior, components)
    if as_json:
        classes = [{"name": name, "components": count} for name, count in result.classes.items()]
        described = {name: result.prior.get(name) for name in ("components", "gain")}
        names = {"run": str(result.run), "prior": result.prior["name"]}
        console.print_json("prior", names | described | {"classes": classes})
        return
    _show(result, quiet=quiet)


def _show(result: "Changed", *, quiet: bool) -> None:
    """Print the prior, the classes without a mixture, and the next command."""
    from vaecli.tasks.info import prior_in_words

    pairs = {"run": console.shown_path(result.run), "prior": prior_in_words(result.prior)}
    if result.classes:
        pairs["classes"] = ", ".join(f"{name} {count}" for name, count in result.classes.items() if count)
    console.print_pairs(pairs)
    missing = [name for name, count in result.classes.items() if not count]
    if quiet:
        return
    if missing:
        console.note(f"Without a mixture, of too few training images: {', '.join(missing)}.")
    console.next_step("sample", "-m", console.shown_path(result.run))
