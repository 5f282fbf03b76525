"""The class that a user names: by its exact name, or by a part that no other class has."""

from collections.abc import Sequence

from vaecli.checks import shown
from vaecli.errors import OptionError

_LISTED = 20  # names in a message


def find_label(name: str, class_names: Sequence[str], *, option: str = "--label") -> int:
    """Return the number of the class that `name` means.

    The exact name wins, then the name in other capitals, then a part such as `boot` that a single class has.

    Args:
        name: text that a user typed.
        class_names: names of the classes, in the order of their labels.
        option: name of the option, for messages.

    Raises:
        OptionError: there are no classes, no class has the text, or several have it; these are listed.
    """
    if not class_names:
        raise OptionError(
            f"{option} needs a model of labelled data, got one without classes.",
            option=option,
            hint=f"Leave {option} out.",
        )
    text = name.strip().casefold()
    folded = [other.strip().casefold() for other in class_names]
    exact = [number for number, other in enumerate(class_names) if other == name]
    same = [number for number, other in enumerate(folded) if other == text]
    parts = [number for number, other in enumerate(folded) if text and text in other]
    for numbers in (exact, same, parts):
        if len(numbers) == 1:
            return numbers[0]
    if parts:
        raise OptionError(
            f"{option} must name one class, got {shown(name)}, which is a part of {_listed(class_names, parts)}.",
            option=option,
            hint="Write the whole name.",
        )
    raise OptionError(
        f"{option} must name a class, got {shown(name)}.",
        option=option,
        hint=f"The classes: {_listed(class_names, range(len(class_names)))}.",
    )


def _listed(class_names: Sequence[str], numbers: Sequence[int]) -> str:
    """Return the names of some classes for a message, at most 20."""
    names = [shown(class_names[number]) for number in numbers[:_LISTED]]
    return ", ".join(names) + (f" and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else "")
