"""`python -m vaecli` is `vaecli`."""

from vaecli.cli.main import main

if __name__ == "__main__":
    main()
