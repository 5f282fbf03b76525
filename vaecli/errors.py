"""Every error that vaecli raises on purpose.

    VaecliError                 1   the root: catch this one
    ├── DataError               1   a data set or a picture that cannot be read or had
    ├── ModelError              1   a model file, model folder or run that cannot be used
    │   └── ParityError         1   an exported file that does not compute what its source computes
    ├── OutputError             1   a result that cannot be written, or that would overwrite something
    ├── ConfigError             1   a configuration file that does not fit
    ├── TrainingError           1   training that cannot go on
    ├── OptionError             2   an option's value out of its range
    └── MissingExtraError       3   a package that this command needs and the base install leaves out

The number is the exit code of the command line. A message says what was expected, what came and where;
`hint` says what to do about it.
"""


class VaecliError(Exception):
    """The root of the family; `str()` gives message and hint in one line."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)  # one argument, so that a process pool can carry the error home
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class DataError(VaecliError):
    """A data set or a picture that cannot be read or had."""


class ModelError(VaecliError):
    """A model file, a model folder or a run that cannot be used."""


class ParityError(ModelError):
    """An exported file that does not compute what its source computes."""


class OutputError(VaecliError):
    """A result that cannot be written, or that would overwrite something."""


class ConfigError(VaecliError):
    """A configuration file that does not fit."""


class TrainingError(VaecliError):
    """Training that cannot go on."""


class OptionError(VaecliError):
    """An option's value out of its range; `option` is its name on the command line, such as `--beta`."""

    exit_code = 2

    def __init__(self, message: str, *, option: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.option = option


class MissingExtraError(VaecliError):
    """A package that this command needs and that the base install leaves out."""

    exit_code = 3

    def __init__(self, what: str, *, extra: str = "train") -> None:
        super().__init__(f"{what}, which this installation lacks:", hint=f'pip install "vaecli[{extra}]"')
