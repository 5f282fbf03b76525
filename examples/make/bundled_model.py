"""Train the model that comes with vaecli, and put its fp16 files into the package.

    python examples/make/bundled_model.py               # train, then pack: 17 minutes of processor time
    python examples/make/bundled_model.py --run RUN     # pack a run that the command below made

The model is trained with `vaecli train` and the options of COMMAND, on the full Fashion-MNIST; needs the `train`
extra. Both halves together stay below 2.5 MB. The figures on the test set, which stand in the model card, are those
that `vaecli eval -m fashion-mnist` and `vaecli eval -m fashion-mnist --prior normal` print.
"""

import argparse
import pathlib
import shutil
import tempfile

import vaecli
from vaecli import bundled
from vaecli.choices import PRIORS
from vaecli.export.card import model_card
from vaecli.modelfile.find import CARD, DECODERS, ENCODERS
from vaecli.modelfile.read import read_file
from vaecli.options import TrainOptions
from vaecli.tasks.evaluate import evaluate
from vaecli.tasks.export import Exported, ExportOptions, export
from vaecli.tasks.train.train import train

OPTIONS = TrainOptions(data="fashion-mnist", network="conv", width=24, epochs=40, prior="mixture", seed=0)
COMMAND = (
    "vaecli train --data fashion-mnist --network conv --width 24 --latent-dim 16 --epochs 40 "
    "--prior mixture --seed 0"
)
FILES = (ENCODERS["fp16"], DECODERS["fp16"])
MOST_BYTES = 2_500_000
TARGET = pathlib.Path(vaecli.__file__).parent / "bundled_models" / bundled.MODEL


def made(model: pathlib.Path) -> str:
    """Return the last section of the card: the command, and what `vaecli eval` measures on the test set."""
    opened = vaecli.Model.open(model, precision="fp16")
    rows = []
    for prior in reversed(PRIORS):
        values = evaluate(opened, prior=prior).values
        figures = " | ".join(f"{values[name]:.2f}" for name in ("reconstruction", "kl"))
        rows.append(f"| {prior} | {figures} | {-values['elbo']:.2f} ± {values['elbo_se']:.2f} |")
    return "\n".join(
        [
            "## How it was made",
            "",
            f"    {COMMAND}",
            "    python examples/make/bundled_model.py --run RUN",
            "",
            "On the 10,000 test images, in nats, by `vaecli eval -m fashion-mnist`, and with `--prior normal`:",
            "",
            "| prior | reconstruction | KL | negative ELBO |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def pack(folder: pathlib.Path, exported: Exported) -> None:
    """Copy the fp16 files of an exported model into the package, with a card of their own."""
    sizes = {name: (folder / name).stat().st_size for name in FILES}
    if sum(sizes.values()) > MOST_BYTES:
        raise SystemExit(
            f"The files must have at most {MOST_BYTES:,} bytes together, got {sum(sizes.values()):,}."
        )
    info = read_file(folder / FILES[1]).info
    card = model_card(info, exported.table, sizes, exported.degradations, model=bundled.MODEL)
    text = f"{card}\n{made(folder)}"
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    for name in FILES:
        shutil.copy(folder / name, TARGET / name)
    (TARGET / CARD).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=pathlib.Path, help="pack this run, which may lie anywhere")
    run = parser.parse_args().run
    with tempfile.TemporaryDirectory() as temporary:
        named = pathlib.Path(temporary) / bundled.MODEL  # the folder's name becomes that of the model
        if run is None:
            train(OPTIONS, out=named)
        else:
            shutil.copytree(run, named)
        folder = pathlib.Path(temporary) / "exported"
        pack(folder, export(named, ExportOptions(out=folder, precisions=["fp16"])))
    print(TARGET)


if __name__ == "__main__":
    main()
