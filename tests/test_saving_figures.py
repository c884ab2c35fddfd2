"""Saved figures: whole files that need nothing else, equal when written again, with captions that render."""

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
from protection_tables import ATTACKS, protection_table

from uncloak.figures.protection import protection_by_extractor
from uncloak.figures.saving import save

CAPTIONS = Path(__file__).resolve().parents[1] / "workflow" / "report"


def test_saved_files_are_whole_offline_and_equal_when_written_again(tmp_path):
    table = protection_table()
    kinds = ("html", "svg", "png", "csv")
    written = []
    for run in ("a", "b"):
        chart = protection_by_extractor(table, list(ATTACKS), "Protection", "20 users, seed 7.")
        save(chart, table, *(tmp_path / run / f"figure.{kind}" for kind in kinds))
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
