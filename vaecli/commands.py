"""Commands in messages, quoted so that they work when they are typed."""

import shlex


def command(*words: object) -> str:
    """Return a `vaecli` command quoted for the shell: `command("info", "my model")` is `vaecli info 'my model'`."""
    return shlex.join(["vaecli", *map(str, words)])
