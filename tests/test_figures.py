"""Figures: what is drawn is what the table says, in files that need nothing else."""

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import altair as alt
import jinja2
import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts
from PIL import Image

from uncloak.errors import InputError
from uncloak.figures import theme
from uncloak.figures.channels import protection_by_channel
from uncloak.figures.contact_sheet import amplified_difference, contact_sheet, contact_table
from uncloak.figures.images import image_uri, thumbnail
from uncloak.figures.pictures import picture_sample
from uncloak.figures.protection import protection_by_extractor
from uncloak.figures.saving import save
from uncloak.figures.timings import as_text, summarize
from uncloak.figures.visibility import protection_by_visibility, with_visibility

CAPTIONS = Path(__file__).resolve().parents[1] / "workflow" / "report"
ATTACKS = {"none": "no attack", "fawkes_v03": "Fawkes v0.3", "lowkey": "LowKey"}
# Not in the order of their release.
EXTRACTORS = {
    "vit": ("CLIP-like ViT", "2021-12-01"),
    "pixels": ("raw pixels", None),
    "facenet": ("FaceNet-like", "2015-06-12"),
    "arcface": ("ArcFace", "2019-01-05"),
}


def protection_table() -> pd.DataFrame:
    rows = []
    for place, (extractor, (label, released)) in enumerate(EXTRACTORS.items()):
        for attack, attack_label in ATTACKS.items():
            rate = {"none": 0.025, "fawkes_v03": 0.0617, "lowkey": 0.9}[attack] - 0.005 * place
            rows.append(
                {
                    **{"dataset": "synthetic", "attack": attack, "attack_label": attack_label, "seed": 7},
                    **{"extractor": extractor, "extractor_label": label, "released": released},
                    **{"white_box": (attack, extractor) == ("lowkey", "arcface"), "protection_rate": rate},
                    **{"low": max(0, rate - 0.05), "high": min(1, rate + 0.05), "n_users": 20, "n_probes": 180},
                    **{"channel": "png", "clean_error": 0.02 + place / 10, "clean_low": 0.01, "clean_high": 0.5},
                }
            )
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, attacks=tuple(ATTACKS)) -> alt.LayerChart:
    return protection_by_extractor(table, attacks, "Protection", "20 users, seed 7.")


def svg_of(chart: alt.LayerChart) -> str:
    text = io.StringIO()
    chart.save(text, format="svg")
    return text.getvalue()


def centers(svg: str, marks: str, color: str) -> np.ndarray:
    """Return where an SVG's symbols of this outline color stand, [N,2] in points."""
    group = svg[svg.index(f'class="mark-symbol role-mark {marks}') :]
    group = group[: group.index("</g>")]
    found = re.findall(rf'transform="translate\(([\d.]+),([\d.]+)\)"[^>]*stroke="{color}"', group)
    return np.array(found, dtype=float)


def texts(svg: str) -> list[str]:
    return re.findall(r"<t(?:ext|span)[^>]*>([^<]+)<", svg)


def test_extractors_stand_in_order_of_release_with_the_floor_first():
    svg = svg_of(draw(protection_table()))
    drawn = texts(svg)
    names = ["raw pixels", "(floor)", "FaceNet-like", "2015-06", "ArcFace", "2019-01", "CLIP-like ViT", "2021-12"]
    assert [text for text in drawn if text in names] == names


def test_points_stand_at_their_rates_and_series_do_not_overlap():
    table = protection_table()
    svg = svg_of(draw(table))
    layer = re.search(r"mark-symbol role-mark (layer_\d+_marks)", svg).group(1)
    places = {}
    for attack, style in zip(ATTACKS, theme.attack_styles(list(ATTACKS)), strict=True):
        places[attack] = centers(svg, layer, style.color)
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


CHANNELS = {"png": "PNG", "half": "half size and back", "blur2": "blur, sigma 2"}
VISIBILITY = {"fawkes_v03": 0.01, "lowkey": 0.05}


def channel_table() -> pd.DataFrame:
    """Another rate through every channel, and channels out of their order."""
    table = protection_table()
    return pd.concat(
        [
            table.assign(channel=channel, protection_rate=lower * table["protection_rate"], low=0.01)
            for channel, lower in (("blur2", 0.5), ("png", 1), ("half", 0.75), ("unasked", 0.1))
        ]
    )


def visibility_table() -> pd.DataFrame:
    rows = []
    for attack, shows in VISIBILITY.items():
        measures = {"dssim": shows, "ssim": 1 - 2 * shows, "lpips": np.nan, "l2": 90 * shows, "linf": 400 * shows}
        row = {"dataset": "synthetic", "attack": attack, "n_users": 20, "n_pictures": 400, "seed": 7}
        for measure, value in {**measures, "psnr": 45 - 200 * shows}.items():
            row |= {measure: value, f"{measure}_low": 0.98 * value, f"{measure}_high": 1.02 * value}
        rows.append(row)
    return pd.DataFrame(rows)


def draw_visibility(table: pd.DataFrame, attacks=tuple(VISIBILITY), measure: str = "dssim") -> alt.ConcatChart:
    return protection_by_visibility(table, attacks, "Protection and visibility", "20 users, seed 7.", measure)


def draw_channels(table: pd.DataFrame, attacks=tuple(ATTACKS), channels=CHANNELS) -> alt.ConcatChart:
    return protection_by_channel(table, attacks, channels, "Channels", "20 users, seed 7.")


def panels_of(svg: str) -> list[str]:
    """Return the parts of an SVG that draw the panels, in their order."""
    return re.split(r'class="mark-group role-scope concat_\d+_group"', svg)[1:]


def symbols(panel: str, color: str) -> np.ndarray:
    """Return where a panel's symbols of this outline color stand, [N,2] in points from its top left corner."""
    marks = re.search(r'class="mark-symbol role-mark.*?</g>', panel, re.S).group()
    return np.array(re.findall(rf'translate\(([\d.]+),([\d.]+)\)"[^>]*stroke="{color}"', marks), dtype=float)


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
        places = places[places[:, 0].argsort()]
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


def faces(count: int, name: int) -> np.ndarray:
    return np.random.default_rng(name).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def sheet_arguments():
    clean = faces(3, 0)
    perturbed = {"LowKey": faces(3, 1), "Fawkes v1.0": np.clip(clean.astype(int) + 2, 0, 255).astype(np.uint8)}
    dssim = {label: np.array([0.01, 0.02, 0.03]) for label in perturbed}
    return clean, perturbed, ["ann/1", "bob/1", "cy/1"], dssim


def decode(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"))


def test_difference_is_gray_where_nothing_changed_and_clips():
    clean = np.array([[[[10, 200, 100]]]], dtype=np.uint8)
    assert amplified_difference(clean, clean, 4).tolist() == [[[[128, 128, 128]]]]
    assert amplified_difference(clean, np.array([[[[15, 100, 255]]]], np.uint8), 4).tolist() == [[[[148, 0, 255]]]]


def test_contact_table_measures_changes():
    clean, perturbed, pictures, dssim = sheet_arguments()
    table = contact_table(clean, perturbed, pictures, dssim)
    assert list(table["picture"]) == pictures * 2
    row = table[table["attack_label"] == "LowKey"].iloc[1]
    change = perturbed["LowKey"][1].astype(float) - clean[1].astype(float)
    assert row.largest_change == np.abs(change).max()
    assert row.rms_change == pytest.approx(np.linalg.norm(change) / np.sqrt(change.size))
    assert (table.loc[table["attack_label"] == "Fawkes v1.0", "largest_change"] == 2).all()


def test_contact_sheet_shows_every_face_exactly(tmp_path):
    clean, perturbed, pictures, dssim = sheet_arguments()
    chart = contact_sheet(clean, perturbed, pictures, dssim, {"LowKey": 0.054, "Fawkes v1.0": 0.017}, "Sheet", "Note.")
    svg = svg_of(chart)
    shown = [decode(uri) for uri in re.findall(r'href="(data:image/png;base64,[^"]+)"', svg)]
    rows = [clean]
    for changed in perturbed.values():
        rows += [changed, amplified_difference(clean, changed)]
    np.testing.assert_array_equal(shown, np.concatenate(rows))
    assert {"ann", "bob", "cy", "LowKey", "mean DSSIM 0.054", "mean DSSIM 0.017"} <= set(texts(svg))
    assert any("x 4" in text for text in texts(svg))


def test_contact_sheet_tells_bad_input():
    clean, perturbed, pictures, dssim = sheet_arguments()
    with pytest.raises(InputError, match="float32"):
        contact_table(clean.astype(np.float32), perturbed, pictures, dssim)
    with pytest.raises(InputError, match="LowKey"):
        contact_table(clean, {"LowKey": perturbed["LowKey"][:2]}, pictures, dssim)
    with pytest.raises(InputError, match="no attack"):
        contact_table(clean, {}, pictures, {})


def test_thumbnail_maps_points_with_the_picture():
    photograph = np.zeros((60, 120, 3), np.uint8)
    photograph[28:33, 88:93] = (255, 0, 0)
    square, scale, corner = thumbnail(photograph, 224)
    x, y = (np.array([90.5, 30.5]) * scale + corner).astype(int)
    assert square.shape == (224, 224, 3)
    np.testing.assert_allclose(square[y, x], (255, 0, 0), atol=12)
    assert (square[0] == 255).all()


def test_sample_draws_landmarks_over_their_photographs():
    photographs = [np.full((50, 100, 3), 90, np.uint8), np.full((80, 80, 3), 50, np.uint8)]
    landmarks = np.full((2, 5, 2), np.nan, np.float32)
    landmarks[0] = [[0, 0], [100, 0], [50, 25], [0, 50], [100, 50]]
    chart = picture_sample(["ann_lee/1", "bob/1"], photographs, landmarks, faces(2, 0), "Sample", "Note.")
    svg = svg_of(chart)
    layer = re.search(r"mark-symbol role-mark (layer_\d+_marks)", svg).group(1)
    found = centers(svg, layer, "#d55e00")
    # The first photograph is drawn 112 x 56 in a square of 112 at the top left of the pictures.
    corner = found[0]
    expected = np.array([[0, 0], [112, 0], [56, 28], [0, 56], [112, 56]])
    np.testing.assert_allclose(found - corner, expected, atol=0.01)
    assert corner[1] == pytest.approx(28)
    assert svg.count("data:image/jpeg") == svg.count("data:image/png") == 2
    assert {"ann lee", "bob"} <= set(texts(svg))


def test_sample_tells_bad_input():
    with pytest.raises(InputError, match="2 ids, 1 photographs"):
        picture_sample(["a/1", "b/1"], [faces(1, 0)[0]], np.zeros((2, 5, 2)), faces(2, 0), "", "")


def test_png_uri_is_exact():
    face = faces(1, 5)[0]
    np.testing.assert_array_equal(decode(image_uri(face)), face)


def test_saved_files_are_whole_offline_and_equal_when_written_again(tmp_path):
    table = protection_table()
    kinds = ("html", "svg", "png", "csv")
    written = []
    for run in ("a", "b"):
        save(draw(table), table, *(tmp_path / run / f"figure.{kind}" for kind in kinds))
        written.append([(tmp_path / run / f"figure.{kind}").read_bytes() for kind in kinds])
        assert sorted(path.name for path in (tmp_path / run).iterdir()) == sorted(f"figure.{kind}" for kind in kinds)
    assert written[0] == written[1]
    html = written[0][0].decode()
    assert "vegaEmbed" in html
    assert not re.search(r"<script[^>]+src=|<link[^>]+href=|@import", html)
    with Image.open(tmp_path / "a" / "figure.png") as picture:
        assert picture.width > 2 * 4 * 96
        assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a" / "figure.csv"), table, check_dtype=False)


def test_a_failed_figure_leaves_nothing_behind(tmp_path):
    broken = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="no_such_column")
    with pytest.raises(ValueError, match="no_such_column"):
        save(broken, pd.DataFrame(), *(tmp_path / f"figure.{kind}" for kind in ("html", "svg", "png", "csv")))
    assert list(tmp_path.iterdir()) == []


HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def benchmarks(folder: Path) -> Path:
    rows = {
        "train/synthetic/facenet.tsv": "60.0\t0:01:00\t900.5\t1\t1\t1\t0\t0\t95.0\t58.0\n",
        "train/synthetic/vgg.tsv": "20.0\t0:00:20\t1200.0\t1\t1\t1\t0\t0\t55.0\t11.0\n",
        "split/synthetic.tsv": "0.4\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\n",
        "figure.tsv": "2.0\t0:00:02\t-\t-\t-\t-\t-\t-\t50.0\t1.0\n",
    }
    for name, row in rows.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEADER + row)
    return folder


def test_timings_are_summed_by_rule(tmp_path):
    summary = summarize(benchmarks(tmp_path)).set_index("rule")
    assert list(summary.index) == ["train", "figure", "split"]
    train = summary.loc["train"]
    assert (train.jobs, train.seconds, train.longest, train.cpu_seconds, train.max_rss_mb) == (2, 80, 60, 69, 1200)
    assert train.mean_load == pytest.approx((60 * 95 + 20 * 55) / 80)
    assert np.isnan(summary.loc["split", "max_rss_mb"])
    assert np.isnan(summary.loc["split", "mean_load"])
    assert np.isnan(summary.loc["split", "cpu_seconds"])
    assert summary.loc["figure", "mean_load"] == 50


def test_timings_as_text_are_aligned_and_totaled(tmp_path):
    lines = as_text(summarize(benchmarks(tmp_path))).splitlines()
    assert lines[-1].split()[:5] == ["all", "jobs", "4", "82.4", "60.0"]
    ends = {
        line.index(number) + len(number)
        for line, number in [(lines[0], "seconds"), (lines[2], "80.0"), (lines[-1], "82.4")]
    }
    assert len(ends) == 1
    assert lines[4].split() == ["split", "1", "0.4", "0.4", "-", "-", "-"]


def test_timings_tell_bad_input(tmp_path):
    with pytest.raises(InputError, match="no benchmark files"):
        summarize(tmp_path)
    (tmp_path / "rule.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(InputError, match=re.escape("rule.tsv: not a benchmark file")):
        summarize(tmp_path)


@pytest.mark.parametrize("caption", sorted(CAPTIONS.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_render_as_snakemake_does(caption):
    params = {"dataset": "drawn faces", "n_users": 20, "metric": "euclidean", "seed": 7, "paper": "Figure 4"}
    params |= {"threshold": 0.5, "n_classifiers": 8, "objects": "drawn objects", "start": "the robust extractor"}
    job = {"params": {**params, "data_note": "Drawn by a program: no people."}}
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    text = environment.from_string(caption.read_text()).render(snakemake=job)
    body = publish_parts(text, writer="html", settings_overrides={"halt_level": 2, "report_level": 2})["body"]
    if caption.stem != "workflow":
        assert "Drawn by a program" in body
        assert ("drawn objects" if caption.stem == "transfer_over_time" else "drawn faces") in body


def test_figures_start_without_torch():
    modules = ["theme", "saving", "protection", "visibility", "channels"]
    modules += ["images", "contact_sheet", "pictures", "timings"]
    code = (
        "import sys;"
        + ";".join(f"import uncloak.figures.{name}" for name in modules)
        + ";print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
