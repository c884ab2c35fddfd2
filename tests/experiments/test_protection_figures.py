"""Figures of protection by extractor, through channels and over visibility: what is drawn is what the tables say."""

import re

import altair as alt
import numpy as np
import pandas as pd
import pytest
from figures_read_back import panels_of, svg_of, symbols, texts
from protection_tables import (
    ATTACKS,
    CHANNELS,
    EXTRACTORS,
    VISIBILITY,
    channel_table,
    protection_table,
    visibility_table,
)

from uncloak.errors import InputError
from uncloak.experiments.by_extractor.figure import protection_by_extractor
from uncloak.experiments.channels.figure import protection_by_channel
from uncloak.experiments.visibility.figure import protection_by_visibility
from uncloak.figures import theme
from uncloak.figures.visibility import with_visibility


def draw(table: pd.DataFrame, attacks=tuple(ATTACKS)) -> alt.LayerChart:
    return protection_by_extractor(table, attacks, "Protection", "20 users, seed 7.")


def draw_visibility(table: pd.DataFrame, attacks=tuple(VISIBILITY), measure: str = "dssim") -> alt.ConcatChart:
    return protection_by_visibility(table, attacks, "Protection and visibility", "20 users, seed 7.", measure)


def draw_channels(table: pd.DataFrame, attacks=tuple(ATTACKS), channels=CHANNELS) -> alt.ConcatChart:
    return protection_by_channel(table, attacks, channels, "Channels", "20 users, seed 7.")


def test_extractors_stand_in_order_of_release_with_the_floor_first():
    svg = svg_of(draw(protection_table()))
    drawn = texts(svg)
    names = ["raw pixels", "(floor)", "FaceNet-like", "2015-06", "ArcFace", "2019-01", "CLIP-like ViT", "2021-12"]
    assert [text for text in drawn if text in names] == names


def test_points_stand_at_their_rates_and_series_do_not_overlap():
    table = protection_table()
    svg = svg_of(draw(table))
    places = {}
    for attack, style in zip(ATTACKS, theme.attack_styles(list(ATTACKS)), strict=True):
        places[attack] = symbols(svg, style.color)
        rates = table[table["attack"] == attack].set_index("extractor")["protection_rate"]
        # 340 points stand for rates 0 to 1.07, from the bottom up; the SVG keeps three decimals.
        heights = 1.07 * (1 - places[attack][:, 1] / 340)
        np.testing.assert_allclose(np.sort(heights), np.sort(rates), atol=1e-4)
    everywhere = np.sort(np.concatenate([place[:, 0] for place in places.values()]))
    # "99.4" in 11 points is 22 points wide.
    assert np.diff(everywhere).min() > 22


def test_numbers_are_written_and_white_box_is_hollow_and_explained():
    table = protection_table()
    chart = draw(table)
    svg = svg_of(chart)
    assert {"2.5", "6.2", "89"} <= set(texts(svg))
    assert "0.0617" not in texts(svg)
    color = theme.attack_styles(["lowkey"])[0].color
    assert len(re.findall(rf'fill="{theme.PAPER}" stroke="{color}"', svg)) == 1
    assert "Hollow markers" in svg
    assert "Hollow markers" not in svg_of(draw(table.assign(white_box=False)))


def test_lines_join_dated_extractors_only():
    svg = svg_of(draw(protection_table(), ["none"]))
    line = re.search(r'mark-line.*?<path[^>]* d="([^"]+)"', svg, re.S).group(1)
    assert len(re.findall(r"[ML]", line)) == len(EXTRACTORS) - 1


def test_only_plain_pictures_stand_in_the_figure_by_extractor():
    table = protection_table()
    others = table.assign(channel="jpeg75", protection_rate=0.5)
    assert svg_of(draw(pd.concat([table, others]))) == svg_of(draw(table))


def test_attacks_not_asked_for_are_left_out():
    drawn = texts(svg_of(draw(protection_table(), ["none", "lowkey"])))
    assert "LowKey" in drawn
    assert "Fawkes v0.3" not in drawn


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="low"), "no column 'low'"),
        (lambda table: table[table["attack"] != "lowkey"], "no rows of attack 'lowkey'"),
        (lambda table: pd.concat([table, table.head(1)]), "several rows"),
        (lambda table: table.assign(protection_rate=table["protection_rate"] * 100), "not percent"),
        (lambda table: table.assign(low=np.nan), "not percent"),
        (lambda table: table.assign(released="June 2015"), "not YYYY-MM-DD"),
    ],
)
def test_bad_protection_tables_are_told(change, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        draw(change(protection_table()))
    assert "\n" not in str(caught.value)


def test_styles_differ_and_stay_with_their_attack():
    alone = theme.attack_styles(["lowkey"])[0]
    others = [f"tool_{number}" for number in range(8)]
    together = theme.attack_styles(["none", *others, "fawkes_v03", "fawkes_v10", "fawkes_half", "lowkey"])
    assert together[-1] == alone
    assert len({style.color for style in together}) == len({style.shape for style in together}) == 13


@pytest.mark.parametrize("kind", ["visibility", "channels"])
def test_panels_stand_in_order_of_release_with_the_floor_last(kind):
    table = with_visibility(protection_table(), visibility_table())
    svg = svg_of(draw_visibility(table) if kind == "visibility" else draw_channels(channel_table()))
    headings = ["FaceNet-like", "2015-06", "ArcFace", "2019-01", "CLIP-like ViT", "2021-12", "raw pixels", "(floor)"]
    assert [text for text in texts(svg) if text in headings] == headings
    assert {"LowKey", "Fawkes v0.3"} <= set(texts(svg))
    assert "Hollow markers" in svg


def bars(panel: str, color: str) -> np.ndarray:
    """Return how wide and how high a panel's bars of this color are, [N,2] in points."""
    found = re.findall(rf'<line[^>]* x2="(-?[\d.]+)" y2="(-?[\d.]+)" stroke="{color}"', panel)
    return np.abs(np.array(found, dtype=float))


@pytest.mark.parametrize("measure", ["dssim", "psnr"])
def test_attacks_stand_at_their_visibility_and_rate(measure):
    table = with_visibility(protection_table(), visibility_table())
    panels = panels_of(svg_of(draw_visibility(table, measure=measure)))
    order = ["facenet", "arcface", "vit", "pixels"]
    found = {}
    for attack, style in zip(VISIBILITY, theme.attack_styles(list(VISIBILITY)), strict=True):
        places = np.concatenate([symbols(panel, style.color) for panel in panels])
        rates = table[table["attack"] == attack].set_index("extractor").loc[order, "protection_rate"]
        # 200 points stand for rates 0 to 1.04, from the bottom up.
        np.testing.assert_allclose(1.04 * (1 - places[:, 1] / 200), rates, atol=1e-4)
        assert np.ptp(places[:, 0]) == 0
        row = table[(table["attack"] == attack) & (table["extractor"] == order[0])].iloc[0]
        (_, high), (wide, _) = bars(panels[0], style.color)
        assert high == pytest.approx(200 / 1.04 * (row.high - row.low), abs=0.01)
        if measure == "dssim":
            # An interval of 2 % to each side, on a scale from 0.
            assert wide == pytest.approx(0.04 * places[0, 0], abs=0.01)
        found[attack] = places[0, 0]
    if measure == "dssim":
        # From no change at the left edge.
        assert found["lowkey"] == pytest.approx(5 * found["fawkes_v03"], abs=0.01)
    # Farther right is more visible, also where it is less decibels.
    assert 0 < found["fawkes_v03"] < found["lowkey"] < 250


def test_clean_error_is_a_rule_in_every_panel():
    table = with_visibility(protection_table(), visibility_table())
    panels = panels_of(svg_of(draw_visibility(table)))
    errors = [
        re.search(rf'translate\([\d.]+,([\d.]+)\)"[^>]*stroke="{theme.QUIET_INK}"[^>]*stroke-dasharray', panel).group(1)
        for panel in panels
    ]
    clean = table.drop_duplicates("extractor").set_index("extractor")["clean_error"]
    expected = clean[["facenet", "arcface", "vit", "pixels"]]
    np.testing.assert_allclose(1.04 * (1 - np.array(errors, dtype=float) / 200), expected, atol=1e-4)
    assert "Dashed: error without attack" in svg_of(draw_visibility(table))


def test_channels_stand_in_their_order():
    table = channel_table()
    panels = panels_of(svg_of(draw_channels(table)))
    assert len(panels) == 4
    labels = [text for text in texts(panels[0]) if text.split()[0] in ("PNG", "half", "blur,")]
    assert labels == ["PNG", "half size", "blur,"]
    arcface = table[table["extractor"] == "arcface"].set_index(["attack", "channel"])["protection_rate"]
    for attack, style in zip(ATTACKS, theme.attack_styles(list(ATTACKS)), strict=True):
        places = symbols(panels[1], style.color)
        np.testing.assert_allclose(1.04 * (1 - places[:, 1] / 200), arcface[attack][list(CHANNELS)], atol=1e-4)


def test_many_series_do_not_overlap():
    lowkey = channel_table().query("attack == 'lowkey' and extractor == 'vit'")
    attacks = [f"tool_{number}" for number in range(8)]
    table = pd.concat([lowkey.assign(attack=attack) for attack in attacks])
    (panel,) = panels_of(svg_of(draw_channels(table, attacks)))
    everywhere = np.concatenate([symbols(panel, style.color)[:, 0] for style in theme.attack_styles(attacks)])
    assert len(everywhere) == 8 * len(CHANNELS)
    # A marker of 50 square points is some 7 points wide.
    assert np.diff(np.sort(everywhere)).min() > 7


def test_visibility_joins_plain_pictures_of_the_attacks():
    protection = channel_table()
    joined = with_visibility(protection, visibility_table())
    kept = (protection["attack"] != "none") & (protection["channel"] == "png")
    expected = protection[kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(joined[expected.columns], expected)
    assert joined["dssim"].tolist() == [VISIBILITY[attack] for attack in joined["attack"]]
    with pytest.raises(InputError, match="no row of attack 'lowkey'"):
        with_visibility(protection, visibility_table()[:1])


@pytest.mark.parametrize(
    ("change", "measure", "message"),
    [
        (lambda table: table, "ssin", "measure 'ssin' is not known; choose one of dssim, ssim"),
        (lambda table: table, "lpips", "attack 'fawkes_v03' has no finite lpips"),
        (lambda table: table.assign(psnr_high=np.inf), "psnr", "attack 'fawkes_v03' has no finite psnr"),
        (lambda table: table.drop(columns="dssim_low"), "dssim", "no column 'dssim_low'"),
        (lambda table: table[table["attack"] != "lowkey"], "dssim", "no rows of attack 'lowkey'"),
        (lambda table: pd.concat([table, table.head(1)]), "dssim", "several rows"),
        (lambda table: table.assign(clean_error=2.5), "dssim", "'clean_error' must be numbers in [0, 1], not percent"),
    ],
)
def test_bad_visibility_tables_are_told(change, measure, message):
    table = with_visibility(protection_table(), visibility_table())
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        draw_visibility(change(table), measure=measure)
    assert "\n" not in str(caught.value)


def test_bad_channel_tables_are_told():
    with pytest.raises(InputError, match="no rows of channel 'gif'"):
        draw_channels(channel_table(), channels={**CHANNELS, "gif": "GIF"})
    with pytest.raises(InputError, match="several rows through channel 'blur2'"):
        draw_channels(pd.concat([channel_table(), channel_table()]))
    with pytest.raises(InputError, match="no column 'channel'"):
        draw_channels(channel_table().drop(columns="channel"))
