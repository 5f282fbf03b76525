"""The options of the preparation as the words that a recipe keeps."""

from typing import Any, get_args

from vaecli.choices import Cutout, PicturePolarity, Prepare
from vaecli.data.photo.photo_options import PhotoOptions, parse_range
from vaecli.errors import OptionError

_WORDS: dict[str, tuple[str, ...]] = {  # option -> its words, the default first; `range` has numbers too
    "prepare": get_args(Prepare),
    "polarity": get_args(PicturePolarity),
    "trim": ("yes", "no"),
    "cutout": get_args(Cutout),
    "range": ("auto", "full"),
}
DEFAULTS = {name: words[0] for name, words in _WORDS.items()}


def photo_words(options: PhotoOptions) -> dict[str, str]:
    """Return the word of each option that is not the default."""
    limits = options.value_range
    words = {
        "prepare": options.prepare,
        "polarity": options.polarity,
        "trim": "yes" if options.trim else "no",
        "cutout": options.cutout,
        "range": limits if isinstance(limits, str) else ":".join(map(repr, limits)),
    }
    return {name: word for name, word in words.items() if word != DEFAULTS[name]}


def is_word(name: str, word: Any) -> bool:
    """Return whether the option `name` may have this word."""
    if not isinstance(word, str):
        return False
    if word in _WORDS[name]:
        return True
    try:
        return name == "range" and len(word) < 100 and isinstance(parse_range(word), tuple)
    except OptionError:
        return False
