"""How often intervals over users cover at a nominal 95 %, and how wide they are, beside the percentile bootstrap's."""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [
    str(Path(__file__).resolve().parents[2] / "workflow"),
    str(Path(__file__).resolve().parents[1] / "support"),
]

from interval_simulation import (  # noqa: E402
    BASELINES,
    HIDDEN,
    PROBES,
    RATES,
    UNEVEN,
    USERS,
    covered,
    errors,
    paired,
    percentile,
    width,
)

from uncloak.recognition.intervals import difference_interval, rate_interval  # noqa: E402


def shown(intervals, truth: float) -> str:
    return f"{covered(intervals, truth):.3f}, {width(intervals):.2f}"


def rates(times: int) -> None:
    random = np.random.default_rng(1)
    settings = [(users, probes) for users in USERS for probes in PROBES]
    print("Rates: coverage, mean width; second line of each: the percentile bootstrap's.\n")
    print("| users' rates | " + " | ".join(f"{users} users, {probes} probes" for users, probes in settings) + " |")
    print("|---|" + "---|" * len(settings))
    for name, (draw, mean) in (RATES | UNEVEN | HIDDEN).items():
        drawn = [(errors(draw, random, times, users, probes), probes) for users, probes in settings]
        print(f"| {name} | " + " | ".join(shown(rate_interval(each, probes), mean) for each, probes in drawn) + " |")
        print(
            "| percentile | "
            + " | ".join(shown(percentile(each[: times // 5], random), mean) for each, _ in drawn)
            + " |"
        )


def differences(times: int) -> None:
    random = np.random.default_rng(2)
    print(
        "\nPaired differences, 9 probes: coverage, mean width; each the lower coverage of same and of other probes.\n"
    )
    print("| users' rates | less | " + " | ".join(f"{users} users" for users in USERS) + " |")
    print("|---|---|" + "---|" * len(USERS))
    for name, (draw, mean) in (RATES | UNEVEN | HIDDEN).items():
        for baseline, (compared, difference) in BASELINES.items():
            cells = []
            for users in USERS:
                found = [
                    difference_interval(*paired(draw, compared, same, random, times // 5, users, 9), 9)
                    for same in (True, False)
                ]
                cells.append(min(shown(each, difference(mean)) for each in found))
            print(f"| {name} | {baseline} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10000, help="draws of all users, a fifth of it where it is slow")
    times = parser.parse_args().times
    rates(times)
    differences(times)
