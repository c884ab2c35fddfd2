"""What becomes of configurations with one thing wrong, kind by kind: the table of docs/faults.md."""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests/support")]

from mutations import KINDS, mutants  # noqa: E402
from trying_out import Planned, Refused, Silent, Unread, followed, refusal, try_out  # noqa: E402

from uncloak.configuration import load  # noqa: E402

SAID = {Refused: "one line", Planned: "planned", Unread: "Snakemake's own error", Silent: "wrong, and silent"}


def count(kind: str, number: int, folder: Path) -> Counter:
    found: Counter = Counter()
    for mutant in mutants(load(ROOT), kind, number):
        try:
            outcome = try_out(mutant, folder)
        except Exception as error:
            found["traceback"] += 1
            print(f"traceback: {mutant.content[:300]!r}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        found[SAID[type(outcome)]] += 1
        if isinstance(outcome, Silent):
            print(f"silent: {mutant.content[:300]!r}", file=sys.stderr)
        if isinstance(outcome, Refused):
            if outcome.faults():
                found["no clear line"] += 1
                print(f"{', '.join(outcome.faults())}: {outcome.line[:300]}", file=sys.stderr)
            if (mended := followed(outcome)) is not None:
                found["advice followed"] += 1
                if refusal(mended) == outcome.line:
                    found["wrong advice"] += 1
                    print(f"wrong advice: {outcome.line}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of-each", type=int, default=60, help="configurations of each kind")
    number = parser.parse_args().of_each
    columns = [*SAID.values(), "traceback", "no clear line", "advice followed", "wrong advice"]
    print(f"| what is wrong | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    whole: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            found = count(kind, number, Path(folder))
            whole += found
            print(f"| {kind} | {' | '.join(str(found[column]) for column in columns)} |", flush=True)
    print(f"| all {number * len(KINDS)} | {' | '.join(str(whole[column]) for column in columns)} |")


if __name__ == "__main__":
    main()
