"""`python -m vaecli` is `vaecli`."""

from vaecli.cli.main import program

if __name__ == "__main__":
    program()
