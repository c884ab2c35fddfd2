"""Figures of the defenses: what is drawn is what the tables say."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import altair as alt
import numpy as np
import pandas as pd
import pytest

from uncloak.errors import InputError
from uncloak.figures import theme
from uncloak.figures.adaptive import adaptive
from uncloak.figures.classifiers import classifiers
from uncloak.figures.collusion import OUTCOMES, SETTINGS, collusion, outcomes
from uncloak.figures.ranks import ranks
from uncloak.figures.rates import source
from uncloak.figures.systems import systems
from uncloak.figures.training_matrix import training_matrix
from uncloak.figures.unprotected import unprotected
from uncloak.recognition.intervals import mean_interval
from uncloak.tables import read_table, write_table

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
ATTACKS = {"none": "no attack", "fawkes_v10": "Fawkes v1.0", "lowkey": "LowKey"}
LEVELS = {"none": 0.03, "fawkes_v10": 0.42, "lowkey": 0.91}
# In no order that a figure sorts by.
EXTRACTORS = {
    "robust": ("robustly tuned VGG", "2018-01-29"),
    "clip": ("CLIP stand-in", "2021-07-28"),
    "vggface": ("VGG-like CosFace", "2018-01-29"),
    "magface": ("MagFace IR-ResNet", "2021-03-11"),
}
FIGURE = ("Title", "20 users, seed 7.")


def rate_table(extractors=EXTRACTORS, scale: float = 1, **columns) -> pd.DataFrame:
    """Rates that differ in every row, falling with `scale`."""
    rows = []
    for place, (extractor, (label, released)) in enumerate(extractors.items()):
        for attack, attack_label in ATTACKS.items():
            rate = scale * (LEVELS[attack] - 0.007 * place)
            rows.append(
                {
                    **{"dataset": "synthetic", "attack": attack, "attack_label": attack_label, "channel": "png"},
                    **{"extractor": extractor, "extractor_label": label, "released": released},
                    **{"white_box": (attack, extractor) == ("lowkey", "vggface"), "protection_rate": rate},
                    **{"low": 0.8 * rate, "high": min(1, 1.05 * rate), "clean_error": 0.03 - 0.007 * place},
                    **{"clean_low": 0.001, "clean_high": 0.06, "n_users": 20, "n_probes": 180, "seed": 7},
                    **{"classifier": "nearest neighbor", "defense": "none", "unprotected": 0, "rank": 1, **columns},
                }
            )
    return pd.DataFrame(rows)


SYSTEMS = {"magface_clip": ("MagFace + CLIP", None), "magface_robust": ("MagFace + robust", None)}


def system_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(SYSTEMS, 0.5, classifier="confidence threshold", passed_on=0.1),
            rate_table(SYSTEMS, 0.4, classifier="top 2", passed_on=1),
        ]
    )


def rank_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(scale=falls / (1 + place), rank=rank, among=among)
            for place, rank in enumerate((1, 2, 5, 10))
            for falls, among in ((0.9, "identities"), (1, "pictures"))
        ]
    )


def verification_table() -> pd.DataFrame:
    return pd.concat(
        [
            rate_table(scale=scale, false_accept_rate=rate, classifier="verification")
            for scale, rate in ((1, 0.001), (0.7, 0.01))
        ]
    )


def unprotected_table(detector: bool = True) -> pd.DataFrame:
    plain = [rate_table(scale=0.5**count, unprotected=count, posted="all") for count in (10, 0, 2, 1)]
    filtered = [rate_table(scale=0.4**count / 3, unprotected=count, defense="detector") for count in (0, 1, 2, 10)]
    return pd.concat(plain + filtered if detector else plain)


CLASSIFIERS = ["linear, converged", "end to end", "nearest neighbor"]


def classifier_table() -> pd.DataFrame:
    frozen = [rate_table(scale=scale, classifier=name) for name, scale in ((CLASSIFIERS[2], 1), (CLASSIFIERS[0], 0.8))]
    few = {"classifier": "end to end", "n_users": 6, "n_probes": 54}
    tuned = [rate_table(scale=0.7, **few), rate_table(scale=0.1, **few, defense="robust training")]
    return pd.concat(frozen + tuned)


def collusion_table() -> pd.DataFrame:
    rows = []
    names = {"nearest neighbor": ["magface", "clip", "robust"], "confidence threshold": list(SYSTEMS)}
    random = np.random.default_rng(3)
    for classifier, extractors in names.items():
        for extractor in extractors:
            for defense in ("none", "detector") if classifier == "confidence threshold" else ("none",):
                for attack in ("none", "lowkey", "lowkey_collusion"):
                    for user in range(5):
                        recognized, partner, other = random.multinomial(9, [0.4, 0.4, 0.2]) / 9
                        rows.append(
                            {
                                **{"dataset": "synthetic", "attack": attack, "extractor": extractor},
                                **{"classifier": classifier, "defense": defense, "user": f"u{user}", "n_probes": 9},
                                **{"error": 1 - recognized, "taken_for_partner": partner, "taken_for_other": other},
                                **{"passed_on": 0.5, "seed": 7},
                            }
                        )
    return pd.DataFrame(rows)


PAIRS = {
    "magface_robust": {"label": "MagFace + robust", "accurate": "magface", "robust": "robust"},
    "magface_clip": {"label": "MagFace + CLIP", "accurate": "magface", "robust": "clip"},
}
COLLUDING = {"lowkey": "LowKey", "lowkey_collusion": "LowKey, colluding"}
TRAINED_ON = {"vggface": [], "robust": ["fawkes_v10", "lowkey"], "clip": ["lowkey"]}

# Each figure's drawing, as a function of its main table.
DRAW = {
    "adaptive": lambda table: adaptive(table, list(ATTACKS), ["vggface", "robust"], *FIGURE),
    "training_matrix": lambda table: training_matrix(table, list(ATTACKS), TRAINED_ON, *FIGURE),
    "systems": lambda table: systems(
        table, rank_table(), list(ATTACKS), ["magface_robust", "magface_clip"], ["magface", "clip"], *FIGURE
    ),
    "unprotected": lambda table: unprotected(table, ["fawkes_v10", "lowkey"], ["clip", "vggface"], *FIGURE),
    "classifiers": lambda table: classifiers(table, list(ATTACKS), CLASSIFIERS, "vggface", "robust", *FIGURE),
    "ranks": lambda table: ranks(table, verification_table(), list(ATTACKS), ["clip", "vggface"], *FIGURE),
}
TABLES = {
    "adaptive": rate_table,
    "training_matrix": rate_table,
    "systems": system_table,
    "unprotected": unprotected_table,
    "classifiers": classifier_table,
    "ranks": rank_table,
}


def svg_of(chart: alt.TopLevelMixin) -> str:
    text = io.StringIO()
    chart.save(text, format="svg")
    return text.getvalue()


def texts(svg: str) -> list[str]:
    return re.findall(r"<t(?:ext|span)[^>]*>([^<]+)<", svg)


def panels_of(svg: str) -> list[str]:
    """Return the parts of an SVG that draw the panels, in their order."""
    parts = re.split(r'class="mark-group role-scope (?:concat_\d+_)+group"', svg)
    return [part for part in parts[1:] if "role-mark" in part]


def symbols(panel: str, attack: str, attacks=tuple(ATTACKS)) -> np.ndarray:
    """Return where a panel's markers of an attack stand, [N,2] in points, from left to right."""
    color = dict(zip(attacks, theme.attack_styles(attacks), strict=True))[attack].color
    places = []
    for marks in re.findall(r'class="mark-symbol role-mark.*?</g>', panel, re.S):
        places += re.findall(rf'translate\(([\d.]+),([\d.]+)\)"[^>]*stroke="{color}"', marks)
    places = np.array(places, dtype=float).reshape(-1, 2)
    return places[np.lexsort((places[:, 1], places[:, 0]))]


def rates_drawn(panel: str, attack: str, height: float, highest: float) -> np.ndarray:
    """Return the rates at which an attack's markers stand, from left to right."""
    return highest * (1 - symbols(panel, attack)[:, 1] / height)


def rates_of(table: pd.DataFrame, attack: str, **where) -> list[float]:
    for column, value in {"attack": attack, **where}.items():
        table = table[table[column] == value]
    return table["protection_rate"].tolist()


def test_adaptive_stands_in_groups_in_the_order_asked_for():
    svg = svg_of(DRAW["adaptive"](rate_table()))
    names = [text for text in texts(svg) if text in ("VGG-like CosFace", "robustly tuned VGG", "CLIP stand-in")]
    assert names == ["VGG-like CosFace", "robustly tuned VGG"]
    (panel,) = panels_of(svg)
    everywhere = []
    for attack in ATTACKS:
        expected = [rates_of(rate_table(), attack, extractor=name)[0] for name in ("vggface", "robust")]
        np.testing.assert_allclose(rates_drawn(panel, attack, 300, 1.07), expected, atol=1e-4)
        everywhere.append(symbols(panel, attack)[:, 0])
    # The base's attacks in their order, then those of the tuned extractor; numbers of 22 points have room.
    assert np.diff(np.concatenate(np.transpose(everywhere))).min() > 22
    assert {"41", "90", "91"} <= set(texts(svg))
    assert "Hollow markers" in svg
    assert "Gray dashes" in svg


def test_intervals_are_bars_and_bands():
    table = rate_table()
    svg = svg_of(DRAW["adaptive"](table))
    color = theme.attack_styles(["lowkey"])[0].color
    bars = re.findall(rf'translate\([\d.]+,([\d.]+)\)" x2="0" y2="(-?[\d.]+)" stroke="{color}"', svg)
    own = table[(table["attack"] == "lowkey") & table["extractor"].isin(["vggface", "robust"])]
    drawn = sorted((1.07 * (1 - float(y) / 300), 1.07 * -float(length) / 300) for y, length in bars)
    expected = sorted(zip(own["low"], own["high"] - own["low"], strict=True))
    np.testing.assert_allclose(np.abs(drawn), expected, atol=1e-4)

    table = unprotected_table(detector=False).query("extractor == 'clip' and attack == 'lowkey'")
    svg = svg_of(unprotected(table, ["lowkey"], ["clip"], *FIGURE))
    (band,) = re.findall(r'aria-roledescription="area mark" d="M([^"]*)Z"', svg)
    heights = 1.04 * (1 - np.array([float(place.split(",")[1]) for place in band.split("L")]) / 200)
    table = table.sort_values("unprotected")
    np.testing.assert_allclose(heights, [*table["low"], *table["high"][::-1]], atol=1e-4)


def test_clean_error_crosses_its_group():
    table = rate_table()
    svg = svg_of(DRAW["adaptive"](table))
    rules = re.findall(
        r'<line [^>]*transform="translate\(([\d.]+),([\d.]+)\)" x2="([\d.]+)" y2="0"[^>]*stroke-dasharray', svg
    )
    clean = table.drop_duplicates("extractor").set_index("extractor")["clean_error"]
    starts, heights, lengths = np.array(sorted(rules, key=lambda rule: float(rule[0])), dtype=float).T
    np.testing.assert_allclose(1.07 * (1 - heights / 300), clean[["vggface", "robust"]], atol=1e-4)
    everywhere = np.concatenate([symbols(svg, attack)[:, 0] for attack in ATTACKS]).reshape(-1, 2)
    for group, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        # From edge to edge: as far from the first marker as from the last.
        places = everywhere[:, group]
        assert start < places.min() < places.max() < start + length
        assert places.min() - start == pytest.approx(start + length - places.max(), abs=0.01)


def test_matrix_has_every_cell_with_its_number_and_outlines_what_was_trained_on():
    table = rate_table()
    spec = json.loads(DRAW["training_matrix"](table).to_json())
    (rows,) = spec["datasets"].values()
    cells = {(row["extractor"], row["attack"]): row for row in rows}
    assert set(cells) == {(extractor, attack) for extractor in TRAINED_ON for attack in ATTACKS}
    trained = {cell for cell, row in cells.items() if row["trained"]}
    assert trained == {("robust", "fawkes_v10"), ("robust", "lowkey"), ("clip", "lowkey")}
    svg = svg_of(DRAW["training_matrix"](table))
    outlines = re.findall(rf'd="M([\d.]+),([\d.]+)h[^>]*stroke="{theme.INK}" stroke-width="2"', svg)
    columns = [text for text in texts(svg) if text in ATTACKS.values()]
    assert columns == list(ATTACKS.values())
    # Two in the second row, one in the third.
    heights = sorted(float(y) for _, y in outlines)
    assert heights[0] == heights[1] < heights[2]
    assert {"90", "72 to 94.1 %"} <= set(texts(svg))


def test_matrix_is_darker_where_more_is_protected_and_numbers_stay_readable():
    svg = svg_of(DRAW["training_matrix"](rate_table()))
    fills = re.findall(r'aria-roledescription="rect mark"[^>]*fill="rgb\((\d+), (\d+), (\d+)\)"', svg)
    shades = np.array(fills, dtype=float).sum(axis=1)
    drawn = json.loads(DRAW["training_matrix"](rate_table()).to_json())["datasets"].popitem()[1]
    rates = np.array([row["protection_rate"] for row in drawn])
    assert (np.diff(shades[np.argsort(rates)]) <= 0).all()
    for rate, shade in zip(rates, np.array(fills, dtype=float), strict=True):
        ink = theme.PAPER if rate >= 0.65 else theme.INK
        assert contrast(shade, [int(ink[place : place + 2], 16) for place in (1, 3, 5)]) > 3.5


def contrast(*colors) -> float:
    """Return the contrast ratio of two colors by WCAG 2.1."""
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in np.array(colors, float) / 255]
    bright, dark = sorted((np.dot(c, [0.2126, 0.7152, 0.0722]) for c in linear), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_systems_stand_before_models_alone_at_the_rank_that_is_fair():
    svg = svg_of(DRAW["systems"](system_table()))
    top, threshold = panels_of(svg)
    single = rank_table().query("among == 'identities'")
    for panel, classifier, rank in ((top, "top 2", 2), (threshold, "confidence threshold", 1)):
        assert [text for text in texts(panel) if text in ("top 2", "confidence threshold")] == [classifier]
        for attack in ATTACKS:
            expected = [
                rates_of(system_table(), attack, extractor=name, classifier=classifier)[0]
                for name in ("magface_robust", "magface_clip")
            ]
            expected += [rates_of(single, attack, extractor=name, rank=rank)[0] for name in ("magface", "clip")]
            np.testing.assert_allclose(rates_drawn(panel, attack, 300, 1.07), expected, atol=1e-4)
    assert "2 nearest" in " ".join(texts(top))
    assert "nearest" not in " ".join(texts(threshold))


def test_unprotected_pictures_fall_in_panels_by_release():
    table = unprotected_table()
    svg = svg_of(DRAW["unprotected"](table))
    assert [text for text in texts(svg) if text in ("VGG-like CosFace", "CLIP stand-in")] == [
        "VGG-like CosFace",
        "CLIP stand-in",
    ]
    panels = panels_of(svg)
    attacks = ("fawkes_v10", "lowkey")
    for panel, extractor in zip(panels, ("vggface", "clip"), strict=True):
        assert [text for text in texts(panel) if text.isdigit()] == ["0", "1", "2", "10"]
        for attack in attacks:
            places = symbols(panel, attack, attacks)
            own = table[(table["attack"] == attack) & (table["extractor"] == extractor)]
            assert len(places) == 8
            for column, count in enumerate((0, 1, 2, 10)):
                expected = sorted(own.loc[own["unprotected"] == count, "protection_rate"], reverse=True)
                heights = 1.04 * (1 - places[2 * column : 2 * column + 2, 1] / 200)
                np.testing.assert_allclose(heights, expected, atol=1e-4)


def test_detected_lines_are_dashed_only_where_there_are_any():
    dashed = re.compile(r'stroke="#aa4499"[^>]*stroke-dasharray="6,3"')
    with_detector = svg_of(DRAW["unprotected"](unprotected_table()))
    assert len(dashed.findall(with_detector)) == 2
    assert "Dashed lines" in with_detector
    without = svg_of(DRAW["unprotected"](unprotected_table(detector=False)))
    assert not dashed.findall(without)
    assert "Dashed lines" not in without
    assert "Gray dashes" in without


def test_classifiers_with_robust_training_stand_on_the_robust_extractor_or_are_tuned_with_public_pairs():
    table = classifier_table()
    svg = svg_of(DRAW["classifiers"](table))
    undefended, robust = panels_of(svg)
    assert "no defense" in texts(undefended)
    assert "robust training" in texts(robust)
    assert "(6 users)" in texts(undefended)
    for attack in ATTACKS:
        expected = [
            rates_of(table, attack, extractor="vggface", classifier=name, defense="none")[0] for name in CLASSIFIERS
        ]
        np.testing.assert_allclose(rates_drawn(undefended, attack, 300, 1.07), expected, atol=1e-4)
        for place, name in enumerate(CLASSIFIERS):
            where = {"extractor": "robust", "defense": "none"}
            if name == "end to end":
                where = {"extractor": "vggface", "defense": "robust training"}
            expected[place] = rates_of(table, attack, classifier=name, **where)[0]
        np.testing.assert_allclose(rates_drawn(robust, attack, 300, 1.07), expected, atol=1e-4)
    same = svg_of(DRAW["classifiers"](table.assign(n_users=20)))
    assert "(20 users)" not in texts(same)


def test_ranks_and_false_accept_rates_stand_in_rows():
    svg = svg_of(DRAW["ranks"](rank_table()))
    panels = panels_of(svg)
    assert len(panels) == 4
    verification = verification_table()
    for place, extractor in enumerate(("vggface", "clip")):
        ranked, accepted = panels[place], panels[2 + place]
        assert [text for text in texts(ranked) if text.isdigit()] == ["1", "2", "5", "10"]
        assert [text for text in texts(accepted) if text in ("1 %", "0.1 %")] == ["1 %", "0.1 %"]
        for attack in ATTACKS:
            expected = [
                rate
                for rank in (1, 2, 5, 10)
                for rate in sorted(rates_of(rank_table(), attack, extractor=extractor, rank=rank), reverse=True)
            ]
            np.testing.assert_allclose(rates_drawn(ranked, attack, 200, 1.04), expected, atol=1e-4)
            expected = [
                rates_of(verification, attack, extractor=extractor, false_accept_rate=rate)[0] for rate in (0.01, 0.001)
            ]
            np.testing.assert_allclose(rates_drawn(accepted, attack, 200, 1.04), expected, atol=1e-4)


def test_outcomes_are_means_over_users_with_their_intervals():
    table = collusion_table()
    averaged = outcomes(table.sample(frac=1, random_state=1), PAIRS, COLLUDING)
    assert len(averaged) == len(PAIRS) * len(SETTINGS) * len(COLLUDING) * len(OUTCOMES)
    whose = {
        "accurate model alone": ("magface", "none"),
        "robust model alone": ("clip", "none"),
        "confidence threshold": ("magface_clip", "none"),
        "threshold and detector": ("magface_clip", "detector"),
    }
    for setting, (extractor, defense) in whose.items():
        for attack in COLLUDING:
            users = table[
                (table["extractor"] == extractor) & (table["defense"] == defense) & (table["attack"] == attack)
            ]
            values = dict(
                zip(OUTCOMES, (1 - users["error"], users["taken_for_partner"], users["taken_for_other"]), strict=True)
            )
            rows = averaged[
                (averaged["system"] == "magface_clip")
                & (averaged["setting"] == setting)
                & (averaged["attack"] == attack)
            ]
            assert rows["outcome"].tolist() == list(OUTCOMES)
            for row in rows.itertuples():
                own = values[row.outcome].to_numpy()
                assert row.share == pytest.approx(sum(own) / 5)
                assert (row.low, row.high) == pytest.approx(mean_interval(own, 7))
                assert (row.n_users, row.n_probes, row.seed) == (5, 45, 7)


def test_stacked_bars_are_the_shares_in_every_panel():
    averaged = outcomes(collusion_table(), PAIRS, COLLUDING)
    svg = svg_of(collusion(averaged, *FIGURE))
    panels = panels_of(svg)
    assert len(panels) == len(PAIRS) * len(SETTINGS)
    for place, setting in enumerate(SETTINGS):
        for column, system in enumerate(PAIRS):
            panel = panels[place * len(PAIRS) + column]
            assert setting in texts(panel)
            assert (PAIRS[system]["label"] in texts(panel)) == (place == 0)
            own = averaged[(averaged["system"] == system) & (averaged["setting"] == setting)]
            for outcome, color in zip(OUTCOMES, ("#c9c9c9", "#e69f00", "#56b4e9"), strict=True):
                bars = re.findall(rf'd="M([\d.]+),([\d.]+)h([\d.]+)v[^>]*fill="{color}"', panel)
                bars = np.array(sorted(bars, key=lambda bar: float(bar[1])), dtype=float)
                shares = own.loc[own["outcome"] == outcome, "share"].to_numpy()
                np.testing.assert_allclose(bars[:, 2] / 330, shares, atol=1e-4)
                # Each part begins where the one before ends.
                earlier = own[own["outcome"].isin(OUTCOMES[: OUTCOMES.index(outcome)])]
                starts = earlier.groupby("attack", sort=False)["share"].sum() if len(earlier) else 0
                np.testing.assert_allclose(bars[:, 0] / 330, starts, atol=1e-4)


@pytest.mark.parametrize("figure", list(DRAW))
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="low"), "no column 'low'"),
        (lambda table: table.drop(columns="extractor"), "no column 'extractor'"),
        (lambda table: table[table["attack"] != "lowkey"], "no rows of attack 'lowkey'"),
        (lambda table: pd.concat([table, table]), "several rows"),
        (lambda table: table.assign(protection_rate=table["protection_rate"] * 100), "not percent"),
        (lambda table: table.assign(released="June 2015"), "not YYYY-MM-DD"),
        (lambda table: table.assign(channel="jpeg75"), "no rows of"),
    ],
)
def test_bad_tables_are_told(figure, change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        DRAW[figure](change(TABLES[figure]()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("figure", "change", "message"),
    [
        ("adaptive", lambda table: table[table["extractor"] != "robust"], "no rows of extractor 'robust'"),
        ("adaptive", lambda table: table.drop(columns="clean_low"), "no column 'clean_low'"),
        ("training_matrix", lambda table: table.query("extractor != 'clip' or attack != 'none'"), "test it"),
        ("systems", lambda table: table[table["classifier"] != "top 2"], "no rows of classifier 'top 2'"),
        ("systems", lambda table: table.assign(defense="detector"), "no rows of defense 'none'"),
        ("unprotected", lambda table: table[table["defense"] == "detector"], "no rows of defense 'none'"),
        ("unprotected", lambda table: table.drop(columns="defense"), "no column 'defense'"),
        ("classifiers", lambda table: table[table["defense"] == "none"], "no rows of classifier 'end to end'"),
        ("ranks", lambda table: table[table["among"] != "pictures"], "no rows of among 'pictures'"),
    ],
)
def test_what_a_figure_needs_is_told(figure, change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        DRAW[figure](change(TABLES[figure]()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="taken_for_other"), "no column 'taken_for_other'"),
        (lambda table: table[table["defense"] != "detector"], "with defense 'detector' under attack 'lowkey'"),
        (lambda table: table[table["attack"] != "lowkey_collusion"], "under attack 'lowkey_collusion'"),
        (lambda table: pd.concat([table, table]), "user 'u0' stands twice"),
        (lambda table: table.assign(taken_for_other=0.9), "do not add up to 1"),
        (lambda table: table.assign(error=np.nan), "do not add up to 1"),
    ],
)
def test_bad_collusion_tables_are_told(change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        outcomes(change(collusion_table()), PAIRS, COLLUDING)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="has no rows"):
        collusion(outcomes(collusion_table(), {}, COLLUDING), *FIGURE)


def test_headings_of_several_lines_do_not_reach_into_the_matrix():
    table = rate_table()
    long = table["attack_label"].replace("LowKey", "LowKey with SSIM and a mean over many surrogates")
    for labeled, lines in ((table, 1), (table.assign(attack_label=long), 3)):
        svg = svg_of(DRAW["training_matrix"](labeled))
        labels = svg[svg.index("role-axis-label") :]
        heights = re.findall(r'transform="translate\([\d.]+,(-[\d.]+)\)"', labels[: labels.index("</g>")])
        assert len(heights) == len(ATTACKS)
        assert max(map(float, heights)) + 15 * (lines - 1) < 0


def spec_of(chart: alt.TopLevelMixin) -> tuple[dict, list[str]]:
    """Return what a chart draws and its rows, in no order and without their names."""
    spec = json.loads(chart.to_json())
    rows = [sorted(json.dumps(row, sort_keys=True) for row in data) for data in spec.pop("datasets").values()]
    return json.loads(re.sub(r'"data-[0-9a-f]+"', '"data"', json.dumps(spec))), sorted(rows)


@pytest.mark.parametrize("figure", list(DRAW))
def test_rows_in_another_order_are_the_same_figure(figure):
    table = TABLES[figure]()
    assert spec_of(DRAW[figure](table)) == spec_of(DRAW[figure](table.sample(frac=1, random_state=2)))


def test_source_tells_numbers_of_users_and_what_it_corresponds_to():
    table = rate_table()
    assert source(table, "drawn faces", 7, "Figure 2") == (
        "Means over 20 users (180 probes) with 95 % bootstrap intervals over users. Dataset: drawn faces. Seed 7."
        " After Figure 2 of Radiya-Dixit et al. (ICLR 2022)."
    )
    assert source(classifier_table(), "drawn faces", 7).startswith("Means over 6 to 20 users (54 to 180 probes)")
    assert "Radiya" not in source(table, "drawn faces", 7)


@pytest.mark.parametrize("figure", ["training_matrix", "classifiers"])
def test_equal_tables_are_equal_bytes(figure):
    table = TABLES[figure]()
    assert svg_of(DRAW[figure](table)) == svg_of(DRAW[figure](table.copy()))


def run_script(name: str, folder: Path, inputs, **params) -> pd.DataFrame:
    """Run a script as Snakemake would, and return the table it wrote."""
    folder.mkdir(exist_ok=True)
    shared = {"title": "Title", "dataset": "drawn faces", "paper": "Figure 0", "seed": 7, "data_note": ""}
    params = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
    output = SimpleNamespace(**{kind: str(folder / f"figure.{kind}") for kind in ("html", "svg", "png", "csv")})
    job = SimpleNamespace(
        input=inputs, output=output, params=SimpleNamespace(**shared, **params), log=[str(folder / "log.txt")]
    )
    script = SCRIPTS / f"{name}.py"
    exec(compile(script.read_text(), str(script), "exec"), {"snakemake": job})
    assert "Dataset: drawn faces." in " ".join(texts(Path(output.svg).read_text()))
    return read_table(output.csv)


class Inputs(list):
    """Snakemake's inputs: a list whose entries may have names."""

    def __init__(self, *paths, **named):
        super().__init__([*paths, *named.values()])
        self.__dict__.update(named)


def test_scripts_draw_their_tables(tmp_path):
    tables = {
        **{"rates": rate_table(), "systems": system_table(), "ranks": rank_table()},
        **{"verification": verification_table(), "collusion": collusion_table()},
        **{"unprotected": unprotected_table(detector=False), "linear": classifier_table()},
        "filtered": unprotected_table().query("defense == 'detector'").drop(columns="posted"),
    }
    paths = {name: str(tmp_path / f"{name}.csv") for name in tables}
    for name, table in tables.items():
        write_table(table, paths[name])
    attacks, extractors = ["fawkes_v10", "lowkey"], ["vggface", "robust"]

    def draw(name, inputs, **params):
        return run_script(f"draw_{name}", tmp_path / name, inputs, **params)

    rows = draw("adaptive", [paths["rates"]], attacks=attacks, extractors=extractors)
    assert len(rows) == 6
    rows = draw("training_matrix", [paths["rates"]], attacks=attacks, trained_on=list(TRAINED_ON.items()))
    assert len(rows) == 9
    inputs = Inputs(systems=paths["systems"], ranks=paths["ranks"])
    rows = draw("systems", inputs, attacks=attacks, systems=list(SYSTEMS), extractors=["magface", "clip"])
    assert len(rows) == 24
    inputs = Inputs(unprotected=paths["unprotected"])
    inputs.filtered = [paths["filtered"]]
    rows = draw("unprotected", inputs, attacks=attacks, extractors=["clip"], posted="all")
    assert len(rows) == 16
    inputs.filtered = []
    rows = draw("unprotected", inputs, attacks=attacks, extractors=["clip"], posted="all")
    assert len(rows) == 8
    rows = draw(
        "classifiers", [paths["linear"]], attacks=attacks, classifiers=CLASSIFIERS, extractors=extractors, start="ArcFace"
    )
    assert len(rows) == 24
    inputs = Inputs(ranks=paths["ranks"], verification=paths["verification"])
    rows = draw("ranks", inputs, attacks=attacks, extractors=extractors)
    assert len(rows) == 60
    rows = draw("collusion", [paths["collusion"]], attacks=list(COLLUDING.items()), systems=list(PAIRS.items()))
    assert len(rows) == 2 * 4 * 3 * 3


def test_figures_of_the_defenses_start_without_torch():
    names = ["adaptive", "training_matrix", "systems", "unprotected", "classifiers", "ranks", "collusion"]
    code = "import sys;" + ";".join(f"import uncloak.figures.{name}" for name in names)
    code += ";print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
