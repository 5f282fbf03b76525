"""The words that options and functions accept as values, such as `train` or `test`; each set is defined once."""

from typing import Literal, TypeAlias, get_args

DataSetName: TypeAlias = Literal["fashion-mnist", "fashion-mnist-mini", "mnist", "kmnist"]
Network: TypeAlias = Literal["classic", "dense", "conv", "residual"]
LikelihoodName: TypeAlias = Literal["bernoulli", "continuous-bernoulli", "gaussian", "logistic"]
PriorName: TypeAlias = Literal["normal", "mixture"]
PriorChoice: TypeAlias = Literal["auto", "normal", "mixture"]  # auto: the better one on validation images
Schedule: TypeAlias = Literal["cosine", "constant"]
TrainingPrecision: TypeAlias = Literal["auto", "float32", "bfloat16"]  # of training steps
Precision: TypeAlias = Literal["float32", "fp16", "int8"]  # of the weights of an exported decoder
Split: TypeAlias = Literal["train", "test"]  # of a data set; validation images are a part of `train`
Part: TypeAlias = Literal["train", "validation", "test"]  # of a data set as a run divides it
Fit: TypeAlias = Literal["pad", "crop", "stretch"]  # how a picture of another shape becomes an image
Colour: TypeAlias = Literal["grey", "rgb"]
Augmentation: TypeAlias = Literal["flip", "shift"]
LineKind: TypeAlias = Literal["linear", "spherical"]  # a path that the latents alone define
PathKind: TypeAlias = Literal["linear", "spherical", "even"]  # `even`: by the distance of decoded pictures
ArrayType: TypeAlias = Literal["uint8", "float32"]
Polarity: TypeAlias = Literal["light-on-dark", "dark-on-light", "any"]
Photo: TypeAlias = Literal[
    "fashion", "digits", "resize"
]  # how a user's picture becomes like the training images
Prepare: TypeAlias = Literal[
    "auto", "fashion", "digits", "resize", "none"
]  # a user's picture; auto: the model says
PicturePolarity: TypeAlias = Literal["auto", "keep", "light-on-dark", "dark-on-light"]  # of a user's picture
Cutout: TypeAlias = Literal["auto", "off"]
Metric: TypeAlias = Literal[
    "auto", "plain", "scaled"
]  # of distances in the latent space; auto: the model says

ScoreComponent: TypeAlias = Literal["excess", "kl", "unexplained", "neg_elbo", "neg_log_density"]

DATA_SETS: tuple[DataSetName, ...] = get_args(DataSetName)
LIKELIHOODS: tuple[LikelihoodName, ...] = get_args(LikelihoodName)
PRIORS: tuple[PriorName, ...] = get_args(PriorName)
PARTS: tuple[Part, ...] = get_args(Part)
METRICS: tuple[Metric, ...] = get_args(Metric)
PRIOR_CHOICES: tuple[PriorChoice, ...] = get_args(PriorChoice)
POLARITIES: tuple[Polarity, ...] = get_args(Polarity)
FITS: tuple[Fit, ...] = get_args(Fit)
AUGMENTATIONS: tuple[Augmentation, ...] = get_args(Augmentation)
PHOTOS: tuple[Photo, ...] = get_args(Photo)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
COMPONENTS: tuple[ScoreComponent, ...] = get_args(ScoreComponent)
INT8_NETWORKS: tuple[Network, ...] = ("classic", "dense", "conv")  # whose decoders an int8 file holds
DENSITIES: dict[LikelihoodName, str] = {  # of a pixel; how far each grows on pixels of two values
    "continuous-bernoulli": "without bound",
    "gaussian": "until its sigma is at its least",
}
INT8_LIKELIHOODS: tuple[LikelihoodName, ...] = (
    "bernoulli",
    "gaussian",
)  # whose picture is the logits' sigmoid
RANKED = ("score", *COMPONENTS)  # the values of a picture that have a percentile
