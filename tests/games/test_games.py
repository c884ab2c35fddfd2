"""The security games: who wins follows from release dates and rates by rules that look at nothing else."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from game_tables import ATTACKS, EXTRACTORS, USERS, protection

from uncloak.errors import InputError
from uncloak.experiments.games.figure import game_timelines
from uncloak.games.game import play
from uncloak.games.oracle import refused
from uncloak.games.trainers import TRAINERS


def fixed(**changes) -> pd.DataFrame:
    rates = {(attack, extractor): 0.5 for attack in ATTACKS for extractor in EXTRACTORS}
    return protection(rates | {tuple(key.split("_", 1)): value for key, value in changes.items()})


def row(game: pd.DataFrame, user: str, date: str, trainer: str) -> pd.Series:
    (found,) = game[(game["user"] == user) & (game["date"] == date) & (game["trainer"] == trainer)].itertuples()
    return found


def test_rounds_begin_with_the_first_attack_and_on_every_release():
    game = play(protection(), USERS, ["tuned"])
    once = game.drop_duplicates("round")
    assert once["date"].tolist() == [*sorted([*ATTACKS.values(), "2021-02-01", "2021-03-01", "2022-01-01"])]
    assert once["event"].tolist() == ["A", "B", "MID", "TUNED", "C", "NEW"]
    assert once["round"].tolist() == [1, 2, 3, 4, 5, 6]
    # Who takes up a later attack is in the game from then on.
    assert game[game["user"] == "only b"]["date"].min() == ATTACKS["b"]
    assert len(game) == (6 + 5) * len(TRAINERS)


@pytest.mark.parametrize("seed", range(5))
def test_rates_are_those_of_the_rules(seed):
    """Against rules written out for one date at a time."""
    table = protection(seed=seed)
    game = play(table, USERS, ["tuned"])
    rate = table.set_index(["attack", "extractor"])["protection_rate"]
    for each in game.itertuples():
        start = min(ATTACKS[attack] for attack in USERS[each.user])
        posted = [attack for attack in USERS[each.user] if ATTACKS[attack] <= each.date]
        # Of equally old ones, the last by label.
        there = [name for name in EXTRACTORS if EXTRACTORS[name] <= each.date]
        plain = [name for name in there if name != "tuned"]
        newest = max(plain, key=lambda name: (EXTRACTORS[name], name.upper()))
        if each.trainer == "static":
            model, used = ["older_twin" if EXTRACTORS["mid"] > start else "mid"], [USERS[each.user][0]]
        elif each.trainer == "dynamic":
            model, used = [newest], posted[-1:]
        elif each.trainer == "cumulative":
            model, used = [newest], posted
        elif each.trainer == "retroactive":
            before = [attack for attack in posted if ATTACKS[attack] < EXTRACTORS[newest]]
            model, used = [newest], before or [USERS[each.user][0]]
        elif each.trainer == "adaptive":
            model, used = ["tuned" if "tuned" in there else newest], posted
        else:
            model, used = there, posted
        assert each.protection_rate == min(rate[attack, name] for attack in used for name in model)
        assert each.protection_rate == rate[each.attack, each.extractor]
        assert each.used == " + ".join(attack.upper() for attack in used)
        assert each.posted == " + ".join(attack.upper() for attack in posted)
        assert each.at_most == (len(used) > 1)


def test_rules_do_not_look_at_rates():
    first, second = play(protection(seed=1), USERS, ["tuned"]), play(protection(seed=2), USERS, ["tuned"])
    blind = first["trainer"] != "best in hindsight"
    pd.testing.assert_frame_equal(first.loc[blind, ["extractor", "used"]], second.loc[blind, ["extractor", "used"]])
    assert not first.loc[~blind, "extractor"].equals(second.loc[~blind, "extractor"])


def test_nobody_beats_hindsight_and_no_later_attack_gives_protection_back():
    for seed in range(5):
        game = play(protection(seed=seed), USERS, ["tuned"])
        best = game[game["trainer"] == "best in hindsight"].set_index(["user", "round"])["protection_rate"]
        assert (
            best.reindex(pd.MultiIndex.from_frame(game[["user", "round"]])).to_numpy() <= game["protection_rate"]
        ).all()
        for _, rates in best.groupby("user"):
            assert (rates.diff().dropna() <= 0).all()


def test_the_retroactive_trainer_ignores_attacks_that_came_after_the_extractor():
    game = play(fixed(a_mid=0.05, b_mid=0.06, c_mid=0.0), USERS, ["tuned"])
    late = row(game, "newest", ATTACKS["c"], "retroactive")
    assert (late.extractor, late.used, late.protection_rate) == ("mid", "A + B", 0.05)
    assert row(game, "newest", ATTACKS["c"], "cumulative").protection_rate == 0.0


def test_the_retroactive_trainer_beats_the_dynamic_one_where_newer_pictures_are_better_cloaked():
    """An old cloak that the new extractor sees through, and one made later that it does not."""
    game = play(fixed(a_mid=0.0, b_mid=0.0, c_mid=0.9), {"newest": ["a", "c"]}, ["tuned"])
    found = {name: row(game, "newest", ATTACKS["c"], name) for name in TRAINERS}
    assert {found[name].extractor for name in ("retroactive", "dynamic", "cumulative")} == {"mid"}
    assert (found["dynamic"].used, found["dynamic"].winner) == ("C", "user")
    assert (found["retroactive"].used, found["retroactive"].winner) == ("A", "trainer")
    # Who keeps everything has the old picture, too.
    assert (found["cumulative"].used, found["cumulative"].winner) == ("A + C", "trainer")
    # Where the newer cloak is the weaker one, it is the other way round.
    game = play(fixed(a_mid=0.9, b_mid=0.0, c_mid=0.0), {"newest": ["a", "c"]}, ["tuned"])
    assert row(game, "newest", ATTACKS["c"], "dynamic").winner == "trainer"
    assert row(game, "newest", ATTACKS["c"], "retroactive").winner == "user"


def test_an_upper_bound_lets_no_user_win():
    game = play(fixed(), {"newest": ["a", "c"]}, ["tuned"])
    winners = game.groupby("at_most")["winner"].unique()
    assert winners[False].tolist() == ["user"]
    assert winners[True].tolist() == ["undecided"]


def test_who_posts_what_does_not_pass_has_lost_from_then_on():
    table = fixed()
    game, free = (play(table, USERS, ["tuned"], refused=refused) for refused in (["c"], []))
    late = (game["user"] == "newest") & (game["date"] >= ATTACKS["c"])
    # The static game ends with its first pictures.
    lost = late & (game["trainer"] != "static")
    assert lost.any()
    assert (game["accepted"] == ~lost).all()
    assert game.loc[lost, "winner"].eq("trainer").all()
    assert free.loc[lost, "winner"].ne("trainer").all()
    assert free["accepted"].all()
    pd.testing.assert_frame_equal(game[~lost], free[~lost])
    # Retroactive trainers ignore the newest pictures; the oracle does not.
    assert "C" not in row(game, "newest", ATTACKS["c"], "retroactive").used
    first = play(table, USERS, ["tuned"], refused=["a"])
    assert first.loc[first["user"] == "newest", "winner"].eq("trainer").all()
    assert first.loc[first["user"] == "only b", "winner"].ne("trainer").all()


def test_the_oracle_judges_by_mean_dssim():
    shown = pd.DataFrame({"attack": ["a", "b", "c"], "dssim": [0.01, 0.05, 0.0501]})
    assert refused(shown, ["c", "b", "a"], 0.05) == ["c"]
    assert refused(shown, ["b", "a"], 0.005) == ["b", "a"]
    for table, rows in ((shown[:2], 0), (pd.concat([shown, shown]), 2)):
        with pytest.raises(InputError, match=f"visibility table: has {rows} rows of attack 'c'.*it needs one"):
            refused(table, ["c"], 0.05)


def test_unions_of_pictures_never_raise_the_error():
    """What `at_most` says, with nearest neighbors found one by one."""
    random = np.random.default_rng(3)
    probes, others = random.normal(size=(40, 4)), random.normal(1, 1, (60, 4))
    galleries = [random.normal(shift, 1, (8, 4)) for shift in (0, 0.5, 2)]

    def error(own: np.ndarray) -> float:
        lost = [
            min(np.sum((probe - face) ** 2) for face in others) < min(np.sum((probe - face) ** 2) for face in own)
            for probe in probes
        ]
        return float(np.mean(lost))

    errors = [error(gallery) for gallery in galleries]
    assert error(np.concatenate(galleries)) <= min(errors)
    assert len(set(errors)) == 3


@pytest.mark.parametrize(
    ("low", "rate", "high", "clean", "winner"),
    [
        (0.2, 0.5, 0.8, 0.05, "user"),
        (0.15, 0.5, 0.8, 0.05, "undecided"),
        (0.1, 0.16, 0.2, 0.05, "undecided"),
        # At most the line, but not surely.
        (0.1, 0.14, 0.16, 0.05, "undecided"),
        (0.1, 0.14, 0.15, 0.05, "trainer"),
        (0.0, 0.02, 0.1, 0.05, "trainer"),
        (0.8, 0.9, 0.95, 0.85, "trainer"),
    ],
)
def test_who_wins(low, rate, high, clean, winner):
    table = fixed().assign(protection_rate=rate, low=low, high=high, clean_error=clean)
    assert set(play(table, {"only b": ["b"]}, ["tuned"])["winner"]) == {winner}
    assert set(play(table, USERS, ["tuned"], margin=1)["winner"]) == {"trainer"}


def test_order_and_other_rows_do_not_count():
    table = protection()
    game = play(table, USERS, ["tuned"])
    others = [
        table.assign(classifier="end to end", protection_rate=0),
        table.assign(defense="detector", protection_rate=0),
        table.assign(channel="jpeg75", protection_rate=0),
        table[table["attack"] == "a"].assign(attack="mine", attack_released="", protection_rate=0),
    ]
    mixed = pd.concat([*others, table]).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(play(mixed, USERS, ["tuned"]), game)
    pd.testing.assert_frame_equal(
        play(table, {"only b": ["b"]}, ["tuned"]), game[game["user"] == "only b"].reset_index(drop=True)
    )


def test_the_game_waits_for_the_first_extractor():
    table = protection()
    game = play(table[~table["extractor"].isin(["old", "older_twin"])], USERS, ["tuned"])
    assert game["date"].min() == EXTRACTORS["mid"]
    assert row(game, "newest", "2022-01-01", "static").used == "A + B"


@pytest.mark.parametrize(
    ("change", "users", "adaptive", "message"),
    [
        (lambda table: table.drop(columns="low"), USERS, [], "no column 'low'"),
        (lambda table: pd.concat([table, table]), USERS, [], "several rows; filter it to one dataset and rank"),
        (lambda table: table.assign(released="2015"), USERS, [], "released '2015' is not YYYY-MM-DD"),
        (lambda table: table, {"x": ["d"]}, [], "user 'x' posts with attack 'd', which has not been measured"),
        (lambda table: table, {"x": []}, [], "user 'x' posts with attack ''"),
        (lambda table: table, USERS, ["robust"], "adaptive extractor 'robust' has not been measured"),
        (lambda table: table, USERS, [*EXTRACTORS], "no extractor with a release date besides the adaptive ones"),
        (
            lambda table: table[(table["attack"] != "b") | (table["extractor"] != "mid")],
            *(USERS, []),
            "no row of attack 'b' and extractor 'mid'; evaluate it, too",
        ),
    ],
)
def test_bad_games_are_told(change, users, adaptive, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        play(change(protection()), users, adaptive)
    assert "\n" not in str(caught.value)


def test_tiles_tell_rate_model_and_winner():
    game = play(fixed(a_mid=0.04, a_new=0.031), USERS, ["tuned"], refused=["c"])
    text = io.StringIO()
    game_timelines(game, "Games", "20 users.").save(text, format="svg")
    written = re.findall(r"<t(?:ext|span)[^>]*>([^<]+)<", text.getvalue())
    # Pictures of a and b count together, and the rate is that of a.
    shown = game[game["accepted"]]
    assert written.count("≤ 4 %") == ((shown["extractor"] == "mid") & shown["at_most"]).sum() > 0
    assert written.count("50 %") == ((shown["protection_rate"] == 0.5) & ~shown["at_most"]).sum() > 0
    assert written.count("does not pass") == (~game["accepted"]).sum() > 0
    assert {"newest", "only b", *TRAINERS, "the trainer wins", "the user wins"} <= set(written)
    colors = re.findall(r'fill="(#a6cbe8|#f6bf8b)"', text.getvalue())
    # And one each in the legend.
    assert colors.count("#f6bf8b") == (game["winner"] == "trainer").sum() + 1
    assert colors.count("#a6cbe8") == (game["winner"] == "user").sum() + 1
