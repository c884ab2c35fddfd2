"""The game itself: round by round, what users post, what each trainer makes of it, and who wins.

Pictures cannot be changed once they are posted. In each round a user posts as many pictures as a gallery holds, with
the newest attack that the user has taken up. Where a trainer uses pictures of several attacks, each user's gallery is
their union, and a nearest neighbor among more pictures of the user is never farther: the error is at most that with the
pictures of any one attack. So the rate of such a round is the lowest of the attacks', and an upper bound (`at_most`),
by which a trainer can win and no user. For the same reason a nearest neighbor that keeps all pictures is never worse
than one that ignores the newest: it is who replaces old pictures by new ones that better cloaks can beat.
"""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from uncloak.errors import InputError
from uncloak.games.rounds import Release, measured, releases, rounds
from uncloak.games.trainers import TRAINERS, Known

USER, TRAINER, UNDECIDED = "user", "trainer", "undecided"
_LABELS = ("attack_label", "extractor_label")
_RATES = ("protection_rate", "low", "high", "clean_error")


def play(
    table: pd.DataFrame,
    users: Mapping[str, Sequence[str]],
    adaptive: Collection[str] = (),
    margin: float = 0.1,
    refused: Collection[str] = (),
) -> pd.DataFrame:
    """Play the game with every user and every trainer of `uncloak.games.trainers.TRAINERS`.

    A user wins a round if the interval of the protection rate lies wholly above the extractor's clean error plus
    `margin`, and the rate is no upper bound; the trainer wins if the interval lies nowhere above that, or a posting so
    far does not pass for the user's own pictures; else the round is undecided.

    Args:
        table: averaged rows with labels and release dates; see `uncloak.games.rounds.measured`.
        users: who plays: a name -> the attacks that this user takes up, each on the day of its release. One attack is
            the user who posts with it and never changes.
        adaptive: the extractors tuned on the attacks' pictures.
        margin: in [0,1].
        refused: the attacks whose pictures do not pass for the user's own (`uncloak.games.oracle`).

    Returns one row per (user, round, trainer): `round`, `date` (YYYY-MM-DD) and `event`, `posted` (labels of the
    attacks so far, joined by " + "), `used` (of those on the pictures used), `attack` and `extractor` whose rate stands
    for the round, their labels, `at_most` (the rate is an upper bound), `accepted` (all postings of this game so far
    pass for the user's own pictures), `protection_rate`, `low`, `high`, `clean_error`
    (rates in [0,1]), `winner` ("user", "trainer", "undecided"), `dataset`, `n_users` and `seed`. A user's game begins
    with the first attack taken up.

    Raises InputError where a user's attack or an adaptive extractor has not been measured, or there is no other
    extractor, besides what `measured` raises.
    """
    rows = measured(table)
    extractors, attacks = releases(rows, "extractor"), {release.name: release for release in releases(rows, "attack")}
    _check(users, attacks, adaptive, extractors)
    plain = [extractor for extractor in extractors if extractor.name not in adaptive]
    tuned = [extractor for extractor in extractors if extractor.name in adaptive]
    calendar = rounds(list(attacks.values()), plain + tuned)
    rates = rows.set_index(["attack", "extractor"])
    records = []
    for user, names in users.items():
        taken = sorted((attacks[name] for name in names), key=lambda release: (release.date, release.label))
        start = max(taken[0].date, plain[0].date)
        for each in calendar:
            if each.date < start:
                continue
            known = Known(*([one for one in some if one.date <= each.date] for some in (plain, tuned, taken)), start)
            for trainer, rule in TRAINERS.items():
                choice = rule(known)
                pairs = [(attack.name, extractor.name) for extractor in choice.extractors for attack in choice.posted]
                row = _lowest(rates, pairs)
                at_most = len(choice.posted) > 1
                accepted = not any(posting.name in refused for posting in choice.judged)
                records.append(
                    {
                        **{"dataset": row["dataset"], "user": user, "trainer": trainer},
                        **{"round": each.number, "date": each.date, "event": each.event},
                        **{"posted": _names(known.posted), "used": _names(choice.posted)},
                        **{"attack": row.name[0], "extractor": row.name[1], **row[list(_LABELS)]},
                        **{"at_most": at_most, "accepted": accepted, **row[list(_RATES)]},
                        "winner": _winner(row, margin, at_most) if accepted else TRAINER,
                        **row[["n_users", "seed"]],
                    }
                )
    return pd.DataFrame(records)


def _winner(row: pd.Series, margin: float, at_most: bool) -> str:
    line = row["clean_error"] + margin
    if row["low"] > line and not at_most:
        return USER
    return TRAINER if row["high"] <= line else UNDECIDED


def _lowest(rates: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.Series:
    """Return the row of the lowest protection rate, of equal ones the last: the newest extractor and attack."""
    absent = [pair for pair in pairs if pair not in rates.index]
    if absent:
        raise InputError(
            f"protection table: has no row of attack '{absent[0][0]}' and extractor '{absent[0][1]}'; evaluate it, too"
        )
    found = rates.loc[pairs]
    return found.iloc[len(found) - 1 - found["protection_rate"].to_numpy()[::-1].argmin()]


def _names(posted: Sequence[Release]) -> str:
    return " + ".join(posting.label for posting in posted)


def _check(
    users: Mapping[str, Sequence[str]],
    attacks: Mapping[str, Release],
    adaptive: Collection[str],
    extractors: Sequence[Release],
) -> None:
    for user, names in users.items():
        absent = [name for name in names if name not in attacks]
        if absent or not names:
            raise InputError(
                f"games: user '{user}' posts with attack '{absent[0] if absent else ''}', which has not been measured;"
                f" choose among {', '.join(attacks)}"
            )
    known = {extractor.name for extractor in extractors}
    unknown = sorted(set(adaptive) - known)
    if unknown:
        raise InputError(f"games: adaptive extractor '{unknown[0]}' has not been measured with a release date")
    if not known - set(adaptive):
        raise InputError("games: there is no extractor with a release date besides the adaptive ones; measure one")
