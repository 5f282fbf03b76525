"""The options of `vaecli train` that decide what is computed, in the panels of its help."""

from typing import Annotated

import typer

from vaecli.choices import DATA_SETS, Fit, LikelihoodName, Network, PriorChoice, Schedule, TrainingPrecision
from vaecli.cli.parameters import complete_data

PICTURES, MODEL, TRAINING = "Pictures", "Model", "Training"  # panels

TrainingDataOption = Annotated[
    str | None,
    typer.Option(
        help="Folder or archive of pictures; .npy, .npz or CSV file; folder of IDX files; or a name: "
        f"{', '.join(DATA_SETS)}.",
        show_default="fashion-mnist, or its bundled subset",
        autocompletion=complete_data,
        rich_help_panel=PICTURES,
    ),
]
NetworkOption = Annotated[
    Network,
    typer.Option(
        help="Network architecture: classic; dense, on vectors of pixels; conv, classic without its narrow layer; "
        "residual, the deepest.",
        rich_help_panel=MODEL,
    ),
]
WidthOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Width of the network: units of classic's or dense's hidden layers, filters of conv's or residual's "
        "first convolution; at most 4,096.",
        show_default="classic 16 at 28 x 28, dense 512, conv 32, residual 64",
        rich_help_panel=MODEL,
    ),
]
DepthOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Depth of the network: dense's hidden layers, conv's 3x3 convolutions at the smallest size, "
        "residual's blocks at each size; at most 16. classic has none.",
        show_default="dense 2, conv 1, residual 2",
        rich_help_panel=MODEL,
    ),
]
LikelihoodOption = Annotated[
    LikelihoodName,
    typer.Option(
        help="Distribution of a pixel given the latents: bernoulli is cross-entropy on grey pixels; "
        "continuous-bernoulli is a density of grey ones; gaussian has one learned deviation; logistic is over the "
        "256 levels and gives bits/dim. int8 files: bernoulli and gaussian alone.",
        rich_help_panel=MODEL,
    ),
]
BinarizeOption = Annotated[
    bool,
    typer.Option(
        "--binarize",
        help="Train on binary pixels, drawn from the grey ones anew in each step; for bernoulli.",
        rich_help_panel=MODEL,
    ),
]
ConditionalOption = Annotated[
    bool,
    typer.Option(
        "--conditional",
        help="Give the label to both halves, and drop it for a tenth of the images: the model works with labels "
        "and without. Validation images keep theirs.",
        rich_help_panel=MODEL,
    ),
]
EpochsOption = Annotated[int, typer.Option(min=1, help="Number of epochs at most.", rich_help_panel=TRAINING)]
LatentDimOption = Annotated[
    int, typer.Option(min=1, help="Number of latent dimensions.", rich_help_panel=MODEL)
]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of images per step.",
        show_default="128; 32, 16 or 8 for fewer than 5,000 training images",
        rich_help_panel=TRAINING,
    ),
]
LearningRateOption = Annotated[
    float | None,
    typer.Option(
        help="Adam's learning rate at its peak.",
        show_default="classic 0.01, dense 0.002, conv 0.005, residual 0.006; less for batches below 128",
        rich_help_panel=TRAINING,
    ),
]
ScheduleOption = Annotated[
    Schedule,
    typer.Option(help="Learning-rate schedule: how the rate changes over the run.", rich_help_panel=TRAINING),
]
BetaOption = Annotated[
    float, typer.Option(help="Weight of the KL divergence; 1 is the ELBO.", rich_help_panel=TRAINING)
]
KlWarmupOption = Annotated[
    float | None,
    typer.Option(
        help="Number of epochs over which the weight of the KL divergence rises from 0 to --beta.",
        show_default="a tenth of --epochs, rounded down",
        metavar="EPOCHS",
        rich_help_panel=TRAINING,
    ),
]
FreeBitsOption = Annotated[
    float,
    typer.Option(
        help="Nats of KL that each latent dimension has for nothing; a remedy for inactive dimensions.",
        metavar="NATS",
        rich_help_panel=TRAINING,
    ),
]
MixtureEpochsOption = Annotated[
    int,
    typer.Option(
        min=0,
        help="Number of last epochs that train with a mixture as prior in place of N(0, I), fitted before each.",
        metavar="EPOCHS",
        rich_help_panel=TRAINING,
    ),
]
PriorOption = Annotated[
    PriorChoice,
    typer.Option(
        help="Prior, fitted after training: N(0, I) or a mixture; auto is the better one on validation images.",
        rich_help_panel=TRAINING,
    ),
]
ComponentsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of Gaussians of the mixture.",
        show_default="chosen on validation images",
        rich_help_panel=TRAINING,
    ),
]
PrecisionOption = Annotated[
    TrainingPrecision,
    typer.Option(
        help="Arithmetic of the training steps; auto is bfloat16 where the machine supports it.",
        rich_help_panel=TRAINING,
    ),
]
PatienceOption = Annotated[
    int,
    typer.Option(
        min=1,
        help="Number of epochs without a lower validation loss after which training stops; a small number can "
        "stop it before the cosine schedule ends.",
        rich_help_panel=TRAINING,
    ),
]
ValidationSplitOption = Annotated[
    float, typer.Option(help="Fraction of the images held out for validation.", rich_help_panel=PICTURES)
]
StretchOption = Annotated[
    bool,
    typer.Option(
        "--stretch",
        help="Scale the pixels to 0 to 255, where the images use a smaller range.",
        rich_help_panel=PICTURES,
    ),
]
ImageSizeOption = Annotated[
    str | None,
    typer.Option(
        help="Rows and columns of the images: 64, or HEIGHTxWIDTH.",
        metavar="SIZE",
        show_default="from the pictures: their median short side, 28 to 64",
        rich_help_panel=PICTURES,
    ),
]
GreyOption = Annotated[
    bool | None,
    typer.Option(
        "--grey/--rgb",
        help="Colour of the images.",
        show_default="grey if all pictures are grey",
        rich_help_panel=PICTURES,
    ),
]
FitOption = Annotated[
    Fit | None,
    typer.Option(
        help="Fitting of pictures of another shape: pad in the border's colour, crop to the middle, stretch.",
        show_default="pad",
        rich_help_panel=PICTURES,
    ),
]
AugmentOption = Annotated[
    str,
    typer.Option(
        help="Random changes of training images, comma-separated: flip (left to right), shift (up to 2 pixels).",
        metavar="flip,shift",
        show_default="none",
        rich_help_panel=PICTURES,
    ),
]
TestSplitOption = Annotated[
    float,
    typer.Option(
        help="Fraction of the images set apart as the test set, where the data have none.",
        rich_help_panel=PICTURES,
    ),
]
AllowBadOption = Annotated[
    bool,
    typer.Option(
        "--allow-bad",
        help="Train even if more than 5 % of the pictures are unreadable.",
        rich_help_panel=PICTURES,
    ),
]
DevicesOption = Annotated[
    str,
    typer.Option(
        help="Number of this machine's GPUs to train on, or all.",
        metavar="all|N",
        rich_help_panel=TRAINING,
    ),
]
