"""The table of `vaecli eval --probe`."""

from typing import TYPE_CHECKING

from vaecli.cli import console

if TYPE_CHECKING:
    from vaecli.tasks.quality.probe_result import Probes


def show_probes(probes: "Probes") -> None:
    """Print the accuracy of each representation with each number of labelled images."""
    names = list(dict.fromkeys(row.representation for row in probes.rows))
    dimensions = {row.representation: row.dimensions for row in probes.rows}
    titles = {"latents": "latents", "pca": f"PCA-{dimensions.get('pca')}", "pixels": "pixels"}
    columns = {"labels": "right", "by": "left", "latents": "right", "± s.e.": "right"}
    columns |= {titles[name]: "right" for name in names if name != "latents"}
    rows = []
    for count in dict.fromkeys(row.labels for row in probes.rows):
        of_count = {row.representation: row for row in probes.rows if row.labels == count}
        for method, title in (("nearest", "5 nearest"), ("linear", "linear")):
            shares = {name: getattr(row, method) for name, row in of_count.items()}
            cells = [f"{shares['latents'].value:.2%}", f"{shares['latents'].error:.2%}"]
            cells += [f"{shares[name].value:.2%}" for name in names if name != "latents"]
            rows.append((f"{count:,}", title, *cells))
    console.say("")
    console.print_table(columns, rows, title="Test images that get their class from labelled training images")
    console.say("")
    console.print_pairs({"seconds": console.seconds(probes.seconds)})
