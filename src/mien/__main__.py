"""`python -m mien` is the command line."""

from mien.cli.main import main

if __name__ == "__main__":
    main()
