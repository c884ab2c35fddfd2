"""What the figures of the defenses have in common: intervals, bad tables, the order of rows, their scripts."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import altair as alt
import numpy as np
import pandas as pd
import pytest
from drawings import color_of, svg_of, texts
from rate_figures import DRAW, FIGURE, TABLES
from rate_tables import (
    CLASSIFIERS,
    COLLUDING,
    PAIRS,
    SYSTEMS,
    TRAINED_ON,
    classifier_table,
    collusion_table,
    rank_table,
    rate_table,
    system_table,
    unprotected_table,
    verification_table,
)

from uncloak.errors import InputError
from uncloak.figures.rates import source
from uncloak.figures.unprotected import unprotected
from uncloak.tables import read_table, write_table

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"


def test_intervals_are_bars_and_bands():
    table = rate_table()
    svg = svg_of(DRAW["adaptive"](table))
    color = color_of("lowkey")
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

    vega = tmp_path / "vega.js"
    vega.write_text("")

    def draw(name, inputs, **params):
        inputs = inputs if isinstance(inputs, Inputs) else Inputs(*inputs)
        inputs.vega = vega
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
        "classifiers",
        [paths["linear"]],
        attacks=attacks,
        classifiers=CLASSIFIERS,
        extractors=extractors,
        start="ArcFace",
    )
    assert len(rows) == 24
    inputs = Inputs(ranks=paths["ranks"], verification=paths["verification"])
    rows = draw("ranks", inputs, attacks=attacks, extractors=extractors)
    assert len(rows) == 60
    rows = draw("collusion", [paths["collusion"]], attacks=list(COLLUDING.items()), systems=list(PAIRS.items()))
    assert len(rows) == 2 * 4 * 3 * 3
