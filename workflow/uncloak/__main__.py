"""The command line: `uncloak new KIND NAME` and `uncloak check FOLDER`, or `python -m uncloak ...`."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from uncloak.errors import InputError
from uncloak.scaffold import KINDS, new, next_steps
from uncloak.seals import damaged, sealed_below

CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks; bad input ends it in one line."""
    parser = argparse.ArgumentParser(prog="uncloak", description="Measure how long a face cloak lasts.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    adding = commands.add_parser("new", help="write the files of something of your own, which run as they stand")
    adding.add_argument("kind", choices=KINDS, help="what you add: %(choices)s", metavar="KIND")
    adding.add_argument("name", help="what it is called: small letters, digits and _", metavar="NAME")
    checking = commands.add_parser("check", help="read all results, and name those that are not as they were made")
    checking.add_argument("folder", nargs="?", default="results", type=Path, help="default: %(default)s")
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "check":
            _check(asked.folder)
        else:
            written = new(CHECKOUT, asked.kind, asked.name)
            print("wrote", *written, sep="\n  ")
            print("next", *next_steps(asked.kind, asked.name), sep="\n  ")
    except InputError as error:
        sys.exit(f"error: {error}")


def _check(folder: Path) -> None:
    """Print what is damaged below a folder; raise InputError where anything is, or where there is nothing to check."""
    # What is no more, a job makes anew when it is wanted.
    results = [path for path in sealed_below(folder) if path.exists()]
    if not results:
        raise InputError(f"{folder}: holds no results with seals; name the folder that a run has made")
    found = [(path, path.parent / name) for path in results for name in damaged(path)]
    for _, file in found:
        print(f"{file}: damaged, or changed since it was made")
    if found:
        broken = " ".join(sorted({shlex.quote(str(path)) for path, _ in found}))
        raise InputError(f"{len(found)} files are damaged; remove them and run again: rm -r {broken}")
    print(f"{len(results)} results are as they were made")


if __name__ == "__main__":
    main()
