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
from uncloak.figures.contact_sheet import amplified_difference, contact_sheet, contact_table
from uncloak.figures.images import image_uri, thumbnail
from uncloak.figures.pictures import picture_sample
from uncloak.figures.protection import protection_by_extractor
from uncloak.figures.saving import save
from uncloak.figures.timings import as_text, summarize

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
    together = theme.attack_styles(["none", "other_tool", "fawkes_v03", "fawkes_v10", "fawkes_half", "lowkey"])
    assert together[-1] == alone
    assert len({style.color for style in together}) == len({style.shape for style in together}) == 6


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
    job = {"params": {**params, "data_note": "Drawn by a program: no people."}}
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    text = environment.from_string(caption.read_text()).render(snakemake=job)
    body = publish_parts(text, writer="html", settings_overrides={"halt_level": 2, "report_level": 2})["body"]
    if caption.stem != "workflow":
        assert "Drawn by a program" in body
        assert "drawn faces" in body


def test_figures_start_without_torch():
    modules = ["theme", "saving", "protection", "images", "contact_sheet", "pictures", "timings"]
    code = (
        "import sys;"
        + ";".join(f"import uncloak.figures.{name}" for name in modules)
        + ";print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
