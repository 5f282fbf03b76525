"""Every error that vaecli raises on purpose.

    VaecliError                 1   the root: catch this one
    ├── DataError               1   a data set or a picture that is missing or cannot be read
    │   └── MissingPartError    1   a data set without the part that is asked for, such as test images
    ├── ModelError              1   a model file, model folder or run that cannot be used
    │   └── ParityError         1   an exported file that computes something else than its source
    ├── OutputError             1   a result that cannot be written, or whose name is taken
    ├── ConfigError             1   a configuration file that is missing, not TOML, or has a wrong key or type
    ├── TrainingError           1   training that cannot continue
    ├── OptionError             2   an option or argument of a wrong type or out of its range
    └── MissingExtraError       3   a package that this command needs and that is not installed

The number is the exit code of the command line. A message says what was expected, what was given and where; `hint`
says what to do about it, with the command to type where there is one.
"""


class VaecliError(Exception):
    """Root of the family; `str()` gives message and hint in one line."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)  # one argument, so that the error can be pickled by a process pool
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class DataError(VaecliError):
    """A data set or a picture that is missing or cannot be read."""


class MissingPartError(DataError):
    """A data set that can be read, without images of the part that is asked for, such as `test`."""


class ModelError(VaecliError):
    """A model file, a model folder or a run that cannot be used."""


class ParityError(ModelError):
    """An exported file that computes something else than its source."""


class OutputError(VaecliError):
    """A result that cannot be written, or whose name is taken."""


class ConfigError(VaecliError):
    """A configuration file that is missing, not TOML, or has a wrong key or type."""


class TrainingError(VaecliError):
    """Training that cannot continue."""


class OptionError(VaecliError):
    """An option or argument of a wrong type or out of its range.

    `option` is its name on the command line, such as `--beta`; empty if it has none.
    """

    exit_code = 2

    def __init__(self, message: str, *, option: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.option = option


class MissingExtraError(VaecliError):
    """A package that this command needs and that is not installed."""

    exit_code = 3

    def __init__(self, need: str, *, extra: str = "train") -> None:
        super().__init__(
            f"{need}, which is not installed. Install it:", hint=f'pip install "vaecli[{extra}]"'
        )
