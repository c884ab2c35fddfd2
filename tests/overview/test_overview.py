"""The page about a run: its numbers, how it was made, and that it is whole, quiet and safe as people see it."""

import hashlib
import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from browser import browser
from safetensors.numpy import save_file

from uncloak.errors import InputError
from uncloak.overview.answer import COLUMNS as ANSWERED
from uncloak.overview.answer import answers
from uncloak.overview.claimed import COLUMNS as CLAIMED
from uncloak.overview.claimed import GAPS, claims
from uncloak.overview.page import write_page
from uncloak.overview.provenance import provenance
from uncloak.pictures.split import write_split
from uncloak.store import write_arrays
from uncloak.tables import read_table, write_table

HOSTILE = "</style><script>document.title='run'</script><img src=x onerror=document.title='run'>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300"><rect width="600" height="300"/></svg>'


def rates(label="LowKey"):
    """An old surrogate, and a newer and the newest extractor, without attack and with one; a defense and a channel."""
    rows = [
        ("none", "no attack", "png", "none", "Old", "2015-03-12", False, 0.02),
        ("lowkey", label, "png", "none", "Newer", "2018-01-01", False, 0.05),
        ("lowkey", label, "png", "none", "Newest", "2021-07-01", False, 0.4),
        ("lowkey", label, "png", "none", "Old", "2015-03-12", True, 0.93),
        ("lowkey", label, "jpeg75", "none", "Old", "2015-03-12", True, 1.0),
        ("lowkey", label, "png", "robust", "Old", "2015-03-12", True, 0.0),
    ]
    names = ["attack", "attack_label", "channel", "defense", "extractor_label", "released", "white_box"]
    table = pd.DataFrame(rows, columns=[*names, "protection_rate"])
    return table.assign(low=table["protection_rate"] / 2, high=1.0, clean_error=0.02)


def claimed(differs="small"):
    rows = [
        ("measured", 0.55, 0.77, 0.8, 0.7, 0.9, 1, ""),
        ("measured", 0.55, 0.77, 0.8, 0.78, 0.9, 1, ""),
        ("measured", 0.021, 0.021, 0.5, 0.0, 1.0, 50, "pictures"),
        ("not measured", 0.5, 0.5, None, None, None, 1, ""),
    ]
    table = pd.DataFrame(rows, columns=["status", "least", "most", "value", "low", "high", "rank", "among"])
    table = pd.concat([table.assign(unit="%"), table.iloc[:1].assign(unit="s")])
    about = {"source": "A paper", "place": "Table 1", "attack": "none", "extractor": "Theirs", "quantity": "error"}
    return table.assign(**about, classifier="nearest neighbor", defense="none", extractor_label="Ours", differs=differs)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Write the files of a small run and return them, and the words about them."""
    monkeypatch.chdir(tmp_path)

    def written(label="Faces"):
        for name in ("claims", "rates"):
            write_table(rates(label) if name == "rates" else claimed(label), f"{name}.csv")
        people = [("ada/1", "ada", "gallery", "user"), ("ada/2", "ada", "probe", "user"), ("bo/1", "bo", "gallery", "")]
        write_split(pd.DataFrame(people, columns=["picture", "identity", "part", "role"]), "split.csv")
        made = {"seed": 1, "device": "cpu", "precision": "bfloat16", "code": "c0de"}
        text = json.dumps({**made, "source": label, "record": {"network": {"name": "grid"}}})
        save_file({"a": np.zeros(1)}, "extractor.safetensors", {"uncloak": text})
        write_arrays("lowkey.h5", {"picture": np.array(["ada/1"])}, made)
        (tmp_path / "figure.svg").write_text(SVG)
        files = {"splits": ["split.csv"], "extractors": ["extractor.safetensors"], "perturbed": ["lowkey.h5"]}
        files |= {"figures": ["figure.svg"], "rates": ["rates.csv"], "claims": ["claims.csv"], "tables": ["rates.csv"]}
        figure = {"page": f"results/{label}/figure.html", "category": "Defenses", "title": label}
        words = {
            "figures": [{**figure, "caption": f"**{label}**\n\n*How to read it.* Look."}],
            **{
                name: [label] for name in ("rates", "datasets", "splits", "extractors", "perturbed", "attacks", "notes")
            },
            "about_rates": [label],
            "settings": {"seed": 1},
        }
        return files, words

    return written


def page_of(run, path="results/overview/overview.html"):
    files, words = run
    write_page(files, words, provenance(files, words, "benchmarks", "logs"), path)
    return path


def test_the_answer_is_the_best_the_newest_and_the_worst_for_the_user():
    [answer] = answers(rates())
    assert answer.attack == "LowKey"
    assert (answer.highest.extractor, answer.newest.extractor, answer.lowest.extractor) == ("Old", "Newest", "Newer")
    assert answer.highest == (0.93, 0.465, 1.0, 0.02, "Old", "2015-03-12", True)
    assert not answer.newest.surrogate


@pytest.mark.parametrize(("name", "columns"), [("rates", ANSWERED), ("claims", CLAIMED)])
def test_a_table_without_what_the_page_needs_is_told(name, columns, run):
    files, words = run("LowKey")
    whole = pd.read_csv(f"{name}.csv", keep_default_na=False)
    write_table(whole[list(columns)], f"{name}.csv")
    page_of((files, words))
    for column in columns:
        write_table(whole.drop(columns=column), f"{name}.csv")
        with pytest.raises(InputError, match=rf"^{name}\.csv: has no column '{column}'.*; delete it and run again$"):
            page_of((files, words))


def test_no_attack_is_no_answer():
    assert answers(rates().query("attack == 'none'")) == []


def test_claims_beside_ours_and_which_agree(tmp_path):
    write_table(claimed(), tmp_path / "claims.csv")
    found = claims(read_table(tmp_path / "claims.csv", *CLAIMED, gaps=GAPS))
    assert [claim.agrees for claim in found] == [True, False, True]
    assert [claim.quantity for claim in found] == ["error", "error", "error (top 50 pictures)"]
    assert {claim.about for claim in found} == {"no attack, Theirs"}


def test_provenance_says_with_what_and_how_long(run, tmp_path):
    benchmark = "s\th:m:s\tmax_rss\tmean_load\tcpu_time\n{}\t0:0:0\t100\t90\t{}\n"
    for folder, seconds in (("embed/a", 3.0), ("embed/b", 5.0), ("split", 1.0)):
        for kind, text in (
            ("benchmarks/{}.tsv", benchmark.format(seconds, seconds)),
            ("logs/{}.log", "" if folder == "split" else "... computing on cpu (x86_64) in float32\n"),
        ):
            path = tmp_path / kind.format(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    files, words = run()
    table = provenance(files, words, "benchmarks", "logs")
    told = {(row.part, row.name, row.what): row.value for row in table.itertuples(index=False)}
    assert told["stages", "embed", "jobs"] == "2"
    assert told["stages", "embed", "seconds"] == "8.0"
    assert told["stages", "embed", "longest job, s"] == "5.0"
    assert told["stages", "embed", "computed on"] == "cpu (x86_64) in float32"
    assert ("stages", "split", "computed on") not in told
    assert told["datasets", "Faces", "people"] == "2"
    assert told["datasets", "Faces", "by role"] == "no role: 1, user: 1"
    assert told["extractors", "Faces", "precision"] == told["perturbed pictures", "Faces", "precision"] == "bfloat16"
    assert told["settings", "seed", "value"] == "1"
    assert told["software", "numpy", "version"] == np.__version__
    for path, key in (("rates.csv", ("tables", "rates.csv", "SHA-256")),):
        assert told[key] == hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()


def test_a_missing_file_is_told(run):
    files, words = run()
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        provenance(files | {"tables": ["gone.csv"]}, words, "benchmarks", "logs")
    with pytest.raises(InputError, match=r"gone\.svg: no such file"):
        page_of((files | {"figures": ["gone.svg"]}, words))


def test_a_run_without_figures_claims_and_times_has_a_page(run, tmp_path):
    files, words = run()
    files = {name: [] for name in files}
    words = {name: [] for name in words} | {"settings": {"seed": 1}}
    text = (tmp_path / page_of((files, words))).read_text()
    assert "No figure was asked for in this run." in text
    assert "claimed" not in text


class Elements(HTMLParser):
    """The elements of a page as a browser reads it, and the addresses in it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "data")]


def test_names_make_no_elements_and_nothing_is_elsewhere(run, tmp_path):
    plain, hostile = (Elements((tmp_path / page_of(run(label))).read_text()) for label in ("Faces", HOSTILE))
    assert hostile.tags == plain.tags
    assert "script" not in plain.tags
    assert {address.partition(":")[0] for address in plain.addresses if ":" in address} == {"data"}
    raw = run()[1]["figures"][0] | {"caption": ".. raw:: html\n\n   <script>1</script>\n\n.. include:: split.csv\n"}
    files, words = run()
    text = (tmp_path / page_of((files, words | {"figures": [raw]}))).read_text()
    assert "<script>" not in text
    assert "ada/1" not in text


@pytest.mark.parametrize("width", [400, 1280])
def test_a_browser_shows_it(run, tmp_path, width):
    path = tmp_path / page_of(run(HOSTILE))
    with browser(tmp_path / "profile") as tab:
        tab.open(path, width)
        assert tab.log("browser") == []
        assert tab.requests() == [path.as_uri()]
        assert tab.run("return document.title") == "How long does a face cloak last?"
        assert tab.run("return document.documentElement.scrollWidth") <= width
        assert tab.run("return [...document.images].map(image => image.naturalWidth)") == [600]
