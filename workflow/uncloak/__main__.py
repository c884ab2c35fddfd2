"""The command line: `uncloak new KIND NAME`, or `python -m uncloak new KIND NAME`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncloak.errors import InputError
from uncloak.scaffold import KINDS, new, next_steps

CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks; bad input ends it in one line."""
    parser = argparse.ArgumentParser(prog="uncloak", description="Measure how long a face cloak lasts.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    adding = commands.add_parser("new", help="write the files of something of your own, which run as they stand")
    adding.add_argument("kind", choices=KINDS, help="what you add: %(choices)s", metavar="KIND")
    adding.add_argument("name", help="what it is called: small letters, digits and _", metavar="NAME")
    asked = parser.parse_args(arguments)
    try:
        written = new(CHECKOUT, asked.kind, asked.name)
    except InputError as error:
        sys.exit(f"error: {error}")
    print("wrote", *written, sep="\n  ")
    print("next", *next_steps(asked.kind, asked.name), sep="\n  ")


if __name__ == "__main__":
    main()
