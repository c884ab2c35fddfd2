"""What each experiment draws of small files, and the jobs that measure, average and draw."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cost_tables
import game_tables
import lifetime_tables
import numpy as np
import pandas as pd
import pytest
from figures_read_back import svg_of, texts
from PIL import Image
from protection_tables import CHANNELS, channel_table, protection_table, visibility_table
from rate_tables import (
    COLLUDERS,
    COLLUDING,
    KNOWN,
    TOGETHER,
    TRAINED_ON,
    classifier_table,
    collusion_table,
    defense_table,
    interpolation_table,
    matrix_table,
    open_set_table,
    rank_table,
    rate_table,
    seed_table,
    system_table,
    unprotected_table,
    verification_table,
)

from uncloak.errors import InputError
from uncloak.experiments import averaging
from uncloak.experiments.given import Given
from uncloak.experiments.visibility.measure import measure as measure_visibility
from uncloak.pictures.split import write_split
from uncloak.records import plugins
from uncloak.store import write_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.pictures import MEASURES

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
FOLDERS = plugins.names(plugins.EXPERIMENT)
LABELS = {"fawkes_v10": "Fawkes v1.0", "lowkey": "LowKey"}


def undefended(table):
    return table.assign(defense="none", classifier="nearest neighbor")


def with_defended(table):
    """The table of the experiment `protection` may hold rows of defenses, and of extractors that are not shown."""
    hidden = table.assign(extractor="hidden", protection_rate=0.99)
    return pd.concat([table.assign(defense="jpeg_50", protection_rate=0.98), table, hidden])


def every_classifier():
    table = classifier_table()
    early = table[table["classifier"] == "linear, converged"].assign(classifier="linear, 100 iterations")
    return pd.concat([table, early])


def grid_table():
    """Ranks among pictures alone are drawn, by who posts."""
    tables = [
        undefended(rate_table()).assign(among=among, posters=posters, rank=rank, gallery="whole")
        for among in ("pictures", "identities")
        for posters in ("one", "all")
        for rank in (1, 50)
    ]
    return pd.concat(tables)


# Method -> its tables by name, what its job is told besides, and how many rows it shows.
DRAWN = {
    "adaptive": ({"table": defense_table()}, {}, 18),
    "by_budget": (
        {"protection": with_defended(undefended(protection_table())), "visibility": visibility_table()},
        {"attacks": {"fawkes_v03": "Fawkes v0.3", "lowkey": "LowKey"}, "extractors": ["vit", "facenet", "arcface"]},
        3 * 3,
    ),
    "by_extractor": ({"table": undefended(channel_table())}, {"attacks": {"lowkey": "LowKey"}, "left_out": 0}, 8),
    "channels": (
        {"protection": with_defended(undefended(channel_table()))},
        {"channels": CHANNELS, "attacks": {"fawkes_v03": "Fawkes v0.3", "lowkey": "LowKey"}},
        4 * 3 * 4,
    ),
    "classifiers": ({"table": every_classifier()}, {"start": "the robust extractor"}, 24),
    "collusion": ({"table": collusion_table()}, {"systems": COLLUDERS, "attacks": COLLUDING}, 2 * 4 * 3 * 3),
    "cost": ({"table": cost_tables.averaged()}, {}, 2),
    "defenses": ({"table": defense_table()}, {}, 18),
    "interpolation": ({"table": interpolation_table()}, {"named": {"clip_0": "not tuned", "clip_6": "CLIP"}}, 4 * 3),
    "lifetime": (
        {"protection": with_defended(lifetime_tables.protection())},
        {"attacks": {name: name.upper() for name in lifetime_tables.ATTACKS}, "adaptive": ["robust"]},
        8,
    ),
    "ranks": ({"table": rank_table()}, {"extractors": ["vggface", "clip"]}, 2 * 3 * 4 * 2),
    "seeds": ({"table": seed_table()}, {"extractors": ["vggface", "clip"]}, 4 * 3 * 3),
    "surrogates": ({"table": undefended(rate_table())}, {"surrogates": KNOWN}, 4 * 3),
    "systems": ({"table": system_table()}, {"systems": TOGETHER}, (4 + 6) * 3),
    "transfer_grid": (
        {"table": grid_table()},
        {"lines": LABELS, "treatments": {"blur_2": "blurred"}, "through": {}, "options": {"distractors": True}},
        4 * 3 * 2 * 2,
    ),
    "training_matrix": ({"table": matrix_table()}, {"trained_on": TRAINED_ON}, 9),
    "unprotected": ({"table": unprotected_table()}, {"extractors": ["clip"]}, 2 * 8),
    "open_set": ({"table": open_set_table()}, {"extractors": ["vggface", "clip"]}, 2 * 3 * 2),
    "verification": ({"table": verification_table()}, {"extractors": ["vggface", "clip"]}, 2 * 3 * 2),
    "visibility": (
        {"protection": with_defended(undefended(protection_table())), "table": visibility_table()},
        {"attacks": {"fawkes_v03": "Fawkes v0.3", "lowkey": "LowKey"}},
        2 * 4,
    ),
    "games": (
        {"protection": with_defended(game_tables.protection()), "visibility": game_tables.visibility()},
        {
            **{"users": game_tables.USERS, "adaptive": ["tuned"], "options": {"margin": 0.1, "largest_dssim": 0.05}},
            "attacks": {name: name.upper() for name in game_tables.ATTACKS},
        },
        None,
    ),
}
ELSEWHERE = {"claims", "contact_sheet", "detection", "giveaway", "pictures"}


def told(method, shown):
    extractors = ["vggface", "robust", "clip", "magface", *("vit", "pixels", "facenet", "arcface")]
    extractors += [*game_tables.EXTRACTORS, *lifetime_tables.EXTRACTORS]
    return {
        **{"experiment": method, "method": method, "dataset": "synthetic", "seed": 7, "options": {}},
        **{"title": "What does it show?", "paper": "Figure 0", "dataset_label": "drawn faces"},
        **{"attacks": LABELS, "extractors": extractors, "defenses": {}, "marked": {}, "models": [], "saw_people": []},
        **shown,
    }


def given_of(method, folder):
    tables, shown, _ = DRAWN[method]
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    # Jobs are told as JSON.
    return Given({name: [str(folder / f"{name}.csv")] for name in tables}, json.loads(json.dumps(told(method, shown))))


def test_every_figure_is_drawn_here_or_elsewhere():
    with_figure = {
        name for name in plugins.names(plugins.EXPERIMENT) if "figure" in plugins.parts(plugins.EXPERIMENT, name)
    }
    assert set(DRAWN) | ELSEWHERE == with_figure


@pytest.mark.parametrize("method", list(DRAWN))
def test_tables_are_drawn_and_told(method, tmp_path):
    given = given_of(method, tmp_path)
    chart, rows = given.module("figure").draw(given)
    said = " ".join(texts(svg_of(chart)))
    assert "What does it show?" in said
    assert "Dataset: drawn faces. Seed 7." in said
    after = method not in ("channels", "cost", "lifetime", "visibility")
    assert ("After Figure 0 of Radiya-Dixit et al." in said) == after
    assert "hidden" not in set(rows.get("extractor", []))
    if DRAWN[method][2] is not None:
        assert len(rows) == DRAWN[method][2]
    if "attack" in rows:
        assert set(rows["attack"]) <= {"none", *given.attacks}


def test_a_gallery_that_lacks_pictures_is_told(tmp_path):
    given = given_of("by_extractor", tmp_path)
    chart, _ = given.module("figure").draw(Given(given.files, {**given.told, "left_out": 3}))
    assert "The gallery lacks each user's first 3 pictures" in " ".join(chart.title.subtitle)


def test_a_game_asks_the_oracle_where_visibility_is_measured(tmp_path):
    given = given_of("games", tmp_path)
    chart, rows = given.module("figure").draw(given)
    assert "The user loses from the first posting on whose mean DSSIM is above 0.05" in " ".join(texts(svg_of(chart)))
    # That of attack c is 0.06.
    assert (rows["accepted"] == ~rows["posted"].str.contains("C") | (rows["trainer"] == "static")).all()
    assert set(rows.loc[~rows["accepted"], "winner"]) == {"trainer"}
    given = Given({"protection": given.files["protection"]}, given.told)
    chart, rows = given.module("figure").draw(given)
    assert "Every posting passes for the user's own pictures." in " ".join(texts(svg_of(chart)))
    assert rows["accepted"].all()


@pytest.mark.parametrize("method", list(DRAWN))
def test_a_figure_asks_for_the_columns_that_it_draws(method, tmp_path, monkeypatch):
    """Of tables with no other columns it is drawn; and one that is not there, or of another kind, is named."""
    given, asked, read = given_of(method, tmp_path), {}, Given.table

    def spied(self, name="table", *columns):
        asked[name] = list(dict.fromkeys(columns))
        return read(self, name, *columns)

    monkeypatch.setattr(Given, "table", spied)
    draw, tables = given.module("figure").draw, DRAWN[method][0]
    draw(given)
    assert asked.keys() == tables.keys()
    for name, columns in asked.items():
        write_table(tables[name][columns], tmp_path / f"{name}.csv")
    draw(given)
    for name, columns in asked.items():
        whole, path = tables[name], tmp_path / f"{name}.csv"
        for column in columns:
            others = [whole.drop(columns=column), whole.rename(columns={column: f"{column}_2"})]
            others += [whole.assign(**{column: "many"})] if pd.api.types.is_numeric_dtype(whole[column]) else []
            for other in others:
                write_table(other, path)
                with pytest.raises(InputError, match=f"^{re.escape(str(path))}: [^\\n]*{column}[^\\n]* run again$"):
                    draw(given)
        write_table(whole, path)


# What stands in tables of errors; all else is a half.
MEASURED = {
    **{"dataset": "synthetic", "channel": "png", "extractor": "clip", "classifier": "c", "defense": "none"},
    **{"metric": "euclidean", "unprotected": 0, "rank": 1, "n_probes": 9, "among": "pictures", "posters": "all"},
    **{"posted": "all", "repeated": "attack", "sign": "target", "uncloaked": 1.0, "n_choices": 1, "psnr": 40},
    **{"detector": "d", "trained_on": "lowkey"},
}


@pytest.mark.parametrize("method", [name for name in FOLDERS if "measure" in plugins.parts(plugins.EXPERIMENT, name)])
def test_averages_need_the_columns_that_are_measured(method, tmp_path):
    about = {"extractor": "clip", "defense": "none", "extractor_label": "CLIP", "defense_label": "none"}
    attacks = {name: {"label": name.upper(), "released": "2020-07-01"} for name in ("none", "lowkey")}
    says = {"attacks": attacks, "recognizers": [{**about, "released": None, "known_to": []}], "alphas": {"clip": 0.5}}
    says |= {"about": {"clip": {"largest_clean_error": None}}, "labels": {}}
    given = Given({"errors": [str(tmp_path / "errors.csv")]}, told(method, says))
    module = given.module("measure")
    columns = getattr(module, "MEASURED", averaging.MEASURED)
    rows = [
        {"attack": attack, "user": user, "picture": f"{user}/{seed}", "seed": seed}
        for attack in attacks
        for user in ("ann", "bob")
        for seed in (7, 8)
    ]
    rows = [{name: row.get(name, MEASURED.get(name, 0.5)) for name in columns} for row in rows]
    write_table(pd.DataFrame(rows), tmp_path / "errors.csv")
    average = getattr(module, "average", averaging.average)
    assert len(average(given, given.table("errors", *columns)))


@pytest.mark.parametrize("method", ["by_budget", "channels", "lifetime", "visibility", "games"])
def test_rows_of_defenses_and_of_other_extractors_change_no_figure(method, tmp_path):
    given = given_of(method, tmp_path)
    (tmp_path / "plain").mkdir()
    plain = given.table("protection").query("defense == 'none' and extractor != 'hidden'")
    write_table(plain, tmp_path / "plain" / "protection.csv")
    alone = Given({**given.files, "protection": [str(tmp_path / "plain" / "protection.csv")]}, given.told)
    charts = [svg_of(each.module("figure").draw(each)[0]) for each in (given, alone)]
    assert charts[0] == charts[1]


@pytest.mark.parametrize(
    "method",
    [
        "adaptive",
        "by_budget",
        "interpolation",
        "ranks",
        "verification",
        "open_set",
        "systems",
        "classifiers",
        "unprotected",
    ],
)
def test_an_attack_without_rows_is_told(method, tmp_path):
    given = given_of(method, tmp_path)
    given.told["attacks"] = {**given.told["attacks"], "pgd": "PGD"}
    with pytest.raises(InputError, match="no rows of attack 'pgd'"):
        given.module("figure").draw(given)


def pictures(folder):
    """Faces of four people, clean and as two attacks leave them, and a photograph of each picture."""
    random = np.random.default_rng(2)
    names = np.array([f"{person}/{number}" for person in ("ann", "bob", "cy", "di") for number in range(3)])
    faces = random.integers(0, 256, (len(names), 16, 16, 3), dtype=np.uint8)
    landmarks = random.uniform(2, 14, (len(names), 5, 2)).astype(np.float32)
    write_arrays(folder / "faces.h5", {"faces": faces, "picture": names, "landmarks": landmarks}, {"share_known": 0.25})
    posted = np.array([name for name in names if name < "c"])
    for number, attack in enumerate(("lowkey", "fawkes")):
        own = faces[: len(posted)] ^ np.uint8(number + 1)
        arrays = {"faces": own, "picture": posted, "dssim": np.full(len(posted), 0.01 * (1 + number))}
        write_arrays(folder / f"{attack}.h5", arrays, {})
    manifest = pd.DataFrame({"picture": names, "identity": [name.split("/")[0] for name in names]})
    manifest["path"] = [f"{name}.png" for name in names]
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(folder / f"{name}.png")
    return manifest.assign(width=24, height=20, sha256="0")


def test_the_contact_sheet_shows_a_face_of_each_user(tmp_path):
    pictures(tmp_path)
    files = {"faces": [str(tmp_path / "faces.h5")]}
    files["perturbed"] = [str(tmp_path / f"{attack}.h5") for attack in ("lowkey", "fawkes")]
    given = Given(files, told("contact_sheet", {"labels": ["LowKey", "Fawkes"]}))
    chart, rows = given.module("figure").draw(given)
    assert rows["picture"].tolist() == ["ann/0", "bob/0"] * 2
    assert rows["attack_label"].tolist() == ["LowKey"] * 2 + ["Fawkes"] * 2
    assert rows["dssim"].tolist() == [0.01, 0.01, 0.02, 0.02]
    assert rows["largest_change"].tolist() == [1, 1, 2, 2]
    said = " ".join(texts(svg_of(chart)))
    assert "One gallery face of 2 users each" in said
    assert "mean DSSIM 0.010" in said


def test_the_sample_shows_pictures_of_a_few_people(tmp_path):
    manifest = pictures(tmp_path)
    write_table(manifest, tmp_path / "manifest.csv")
    files = {name: [str(tmp_path / file)] for name, file in (("faces", "faces.h5"), ("manifest", "manifest.csv"))}
    given = Given(files, told("pictures", {"root": str(tmp_path)}))
    chart, rows = given.module("figure").draw(given)
    people = rows["identity"].unique().tolist()
    assert len(people) == 3
    assert rows["picture"].tolist() == manifest[manifest["identity"].isin(people)]["picture"].tolist()
    said = " ".join(texts(svg_of(chart)))
    assert "4 identities, 12 pictures. 25.0% of the faces were missed by the detector" in said
    assert set(people) <= set(texts(svg_of(chart)))


def test_public_identities_are_counted_by_attack(tmp_path):
    for name, own in (("a", ["x/1", "x/2", "y/1"]), ("b", ["z/1"]), ("c", ["x/1"])):
        write_arrays(tmp_path / f"{name}.h5", {"picture": np.array(own)}, {})
    files = {"perturbed": [str(tmp_path / f"{name}.h5") for name in "abc"]}
    shown = {"attacks": ["lowkey", "lowkey", "fawkes"], "labels": {"lowkey": "LowKey", "fawkes": "Fawkes"}}
    given = Given(files, {"method": "public", "dataset": "synthetic", "seed": 7, "public": "others", **shown})
    module = given.module("measure")
    table = module.average(given, module.measure(given))
    assert table.to_dict("records") == [
        {
            **{"dataset": "others", "attack": attack, "attack_label": label},
            **{"n_identities": identities, "n_pictures": count, "seed": 7},
        }
        for attack, label, identities, count in (("lowkey", "LowKey", 3, 4), ("fawkes", "Fawkes", 1, 1))
    ]


def test_visibility_is_that_of_the_attack_that_made_each_picture(tmp_path):
    names = [f"{person}/{number}" for person in ("u", "v", "w") for number in range(4)]
    split = pd.DataFrame({"picture": names, "identity": [name[0] for name in names]})
    split["part"] = ["gallery", "gallery", "gallery", "probe"] * 3
    write_split(split.assign(role=["user"] * 8 + ["other"] * 4), tmp_path / "split.csv")
    posted = [name for name in names if name < "w" and not name.endswith("3")]
    shows = {"fawkes": 0.1, "lowkey": 0.2}
    for attack, value in shows.items():
        own = {measure: np.full(len(posted), value) for measure in MEASURES}
        write_arrays(tmp_path / f"{attack}.h5", {"picture": np.array(posted[::-1]), **own}, {})
        lpips = pd.DataFrame({"picture": posted, "lpips": [value / 10] * len(posted)})
        write_table(lpips, tmp_path / f"{attack}.csv")
    files = {"split": [str(tmp_path / "split.csv")], "perturbed": [str(tmp_path / f"{name}.h5") for name in shows]}
    attacks = {"fawkes": {}, "lowkey": {}, "half": {"fawkes": 0.5, "lowkey": 0.5}}
    named = {"method": "visibility", "dataset": "synthetic", "seed": 7, "made_by": list(shows), "attacks": attacks}
    without = measure_visibility(Given(files, named))
    assert without["lpips"].isna().all()
    table = measure_visibility(Given({**files, "lpips": [str(tmp_path / f"{name}.csv") for name in shows]}, named))
    assert table.columns.tolist() == ["dataset", "attack", "user", "picture", *MEASURES, "lpips", "landmark_shift"]
    pd.testing.assert_frame_equal(table.drop(columns="lpips"), without.drop(columns="lpips"))
    for attack, rows in table.groupby("attack"):
        assert rows["picture"].tolist() == posted
        assert rows["user"].tolist() == [name[0] for name in posted]
        np.testing.assert_allclose(rows["lpips"], rows["dssim"] / 10)
        assert sorted(rows["dssim"]) == ([0.1] * 3 + [0.2] * 3 if attack == "half" else [shows[attack]] * 6)
    given = Given({}, named)
    assert given.module("measure").average(given, table)["attack"].tolist() == list(attacks)


DRIVER = """
import json, runpy, sys
from types import SimpleNamespace

class Files(list):
    def __init__(self, files):
        self.named = files if isinstance(files, dict) else {}
        listed = [each if isinstance(each, list) else [each] for each in self.named.values() or files]
        super().__init__(sum(listed, []))

    def __getattr__(self, name):
        return self.named[name]

    def items(self):
        return self.named.items()

job = json.load(sys.stdin)
snakemake = SimpleNamespace(
    input=Files(job["input"]), output=Files(job["output"]), params=SimpleNamespace(told=job["told"]), log=[job["log"]]
)
runpy.run_path(sys.argv[1], init_globals={"snakemake": snakemake})
"""


def run_script(name, folder, files, output, says):
    job = {"input": files, "output": output, "told": json.dumps(says), "log": str(folder / f"{name}.log")}
    command = [sys.executable, "-c", DRIVER, str(SCRIPTS / f"{name}.py")]
    return subprocess.run(command, input=json.dumps(job), capture_output=True, text=True)


def test_jobs_measure_average_and_draw(tmp_path):
    rows = rate_table(extractors={"clip": ("CLIP", "2021-07-28")})
    errors = pd.concat([rows.assign(user=user, error=rows["protection_rate"] / user) for user in (1, 2)])
    columns = ["dataset", "attack", "channel", "extractor", "classifier", "defense", "user", "unprotected", "rank"]
    write_table(errors[[*columns, "n_probes", "error", "seed"]].assign(metric="euclidean"), tmp_path / "errors.csv")
    attacks = {name: {"label": name.upper(), "released": "2020-07-01"} for name in ("none", *LABELS)}
    about = {"extractor": "clip", "defense": "none", "extractor_label": "CLIP", "defense_label": "none"}
    says = told("adaptive", {"attacks": attacks, "recognizers": [{**about, "released": None, "known_to": ["lowkey"]}]})
    done = run_script(
        "average", tmp_path, {"errors": [str(tmp_path / "errors.csv")]}, [str(tmp_path / "table.csv")], says
    )
    assert done.returncode == 0, done.stderr
    table = read_table(tmp_path / "table.csv")
    assert table["protection_rate"].tolist() == pytest.approx((0.75 * rows["protection_rate"]).tolist(), abs=1e-5)

    write_table(pd.read_csv(tmp_path / "errors.csv").drop(columns="error"), tmp_path / "other.csv")
    done = run_script("average", tmp_path, {"errors": [str(tmp_path / "other.csv")]}, [str(tmp_path / "no.csv")], says)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'other.csv'}: has no column 'error'")
    assert done.stderr.count("\n") == 1

    (tmp_path / "vega.js").write_text("")
    files = {"table": [str(tmp_path / "table.csv")], "vega": str(tmp_path / "vega.js")}
    output = {kind: str(tmp_path / f"figure.{kind}") for kind in ("svg", "png", "csv", "html")}
    done = run_script("draw", tmp_path, files, output, told("adaptive", {}))
    assert done.returncode == 0, done.stderr
    assert len(read_table(output["csv"])) == 3
    assert "Dataset: drawn faces." in " ".join(texts(Path(output["svg"]).read_text()))
    assert "What does it show?" in Path(output["html"]).read_text()

    write_arrays(tmp_path / "public.h5", {"picture": np.array(["x/1", "y/1"])}, {})
    says = {"method": "public", "dataset": "d", "seed": 7, "public": "p", "attacks": ["lowkey"]}
    files = {"perturbed": [str(tmp_path / "public.h5")]}
    done = run_script("measure", tmp_path, files, [str(tmp_path / "public.csv")], says)
    assert done.returncode == 0, done.stderr
    assert read_table(tmp_path / "public.csv")["n_identities"].tolist() == [2]


@pytest.mark.parametrize("name", ["measure", "average", "draw"])
def test_jobs_tell_a_missing_file_in_one_line(name, tmp_path):
    method = "adaptive" if name == "draw" else "protection"
    recognizer = {"extractor": "e", "defense": "none", "postings": [], "does": None, "second": False, "scores": 0}
    says = told(method, {"recognizers": [recognizer]})
    missing = str(tmp_path / "nowhere.csv")
    files = {"comparisons": [missing], "errors": [missing], "table": [missing]}
    done = run_script(name, tmp_path, files, [str(tmp_path / "out.csv")], says)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert "nowhere.csv" in done.stderr
