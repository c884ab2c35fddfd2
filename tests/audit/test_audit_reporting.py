"""The tables of an audit: who of the crowd is left out, which thresholds count, and what stands in them."""

import numpy as np
import pandas as pd
import pytest

from uncloak.audit.measuring import NO_TREATMENT
from uncloak.audit.reporting import EXTRACTORS, FINDINGS, OFFERED, about, crowd_without, findings, offered
from uncloak.errors import InputError
from uncloak.store import write_arrays

TOLD = {
    "name": "me",
    "of": "0f",
    "folders": {"clean": "clean", "cloaked": {}, "later": ""},
    "cloaks": {"lowkey": ["old"]},
    "missing": "unprotected",
    "unprotected": [1],
    "held_back": 0.3,
    "channels": {},
    "defenses": {},
    "metric": "euclidean",
    "chooser": "old",
    "crowd": {"label": "Others", "own": ""},
    "extractors": {
        "old": {"label": "Old", "released": "2017-02-12", "license": "CC0-1.0", "trained_on": ["a", "b"]}
        | {"thresholds": {"dataset": "LFW", "pairs": 7, "false_accept_rates": [0.01], "distances": [2.5]}},
        "new": {"label": "New", "released": "2023-07-04", "license": None, "trained_on": [], "thresholds": None},
    },
    "offered": [{"extractor": "far", "label": "Far", "released": "2024-01-01", "size": None, "license": None}],
}
PICTURES = pd.DataFrame(
    [
        *(("clean", f"{number}.jpg", "gallery", "none", f"{number}") for number in range(3)),
        *(("lowkey", f"{number}.jpg", "posted", "lowkey", f"{number}") for number in range(3)),
        *(("later", f"{number}.jpg", "probe", "none", "") for number in range(2)),
    ],
    columns=["folder", "file", "part", "cloak", "pair"],
)


@pytest.fixture
def files(tmp_path):
    """Embeddings of a person and of 20 people, one of whom has a photograph of the person's."""
    random = np.random.default_rng(1)
    keys = {name: PICTURES[name].to_numpy(str) for name in ("folder", "file")}
    digest = np.array([f"mine {number}" for number in range(len(PICTURES))])
    digest[3:6] = ""  # made here, of no photograph
    faces = {"faces": np.zeros((len(PICTURES), 4, 4, 3), np.uint8), "digest": digest}
    identity = np.repeat([f"x{number:02d}" for number in range(20)], 3)
    theirs = np.array([f"theirs {number}" for number in range(60)])
    theirs[7] = "mine 0"
    write_arrays(tmp_path / "faces.h5", faces, {})
    write_arrays(tmp_path / "crowd.h5", {"identity": identity, "digest": theirs}, {})
    for name in ("old", "new"):
        embedding = random.standard_normal((len(PICTURES), 5)).astype(np.float32)
        treated = {"embedding": embedding, "treatment": np.full(len(PICTURES), NO_TREATMENT), **keys}
        write_arrays(tmp_path / f"{name}.h5", treated, {})
        others = {"embedding": random.standard_normal((60, 5)).astype(np.float32), "identity": identity}
        write_arrays(tmp_path / f"others_{name}.h5", others | {"treatment": np.full(60, NO_TREATMENT)}, {})
    own = {name: tmp_path / f"{name}.h5" for name in ("old", "new")}
    return tmp_path, own, {name: tmp_path / f"others_{name}.h5" for name in own}


def test_who_has_the_persons_photographs_is_left_out_of_the_crowd(files):
    folder, own, others = files
    identity, left_out = crowd_without(folder / "crowd.h5", folder / "faces.h5", "")
    assert left_out == {"x02"}
    assert crowd_without(folder / "crowd.h5", folder / "faces.h5", "x05")[1] == {"x02", "x05"}
    assert crowd_without(folder / "crowd.h5", folder / "faces.h5", "nobody")[1] == {"x02"}
    assert crowd_without(None, folder / "faces.h5", "")[1] == set()
    told = about(TOLD, identity.tolist(), left_out, seed=1)
    assert told["crowd"] == {"label": "Others", "people": 19, "pictures": 57, "left_out": 1}
    found, _ = findings(PICTURES, own, others, left_out, TOLD, 1)
    assert set(found["setting"]) == {"open", "closed"}


def test_thresholds_are_the_records_else_the_crowds(files):
    _, own, others = files
    found, extractors = findings(PICTURES, own, others, {"x02"}, TOLD, 1)
    assert list(extractors) == EXTRACTORS
    assert extractors.set_index("extractor")["calibrated_on"].to_dict() == {"old": "LFW", "new": "Others"}
    assert extractors["pairs"].tolist() == [7, 19 * 18 // 2 * 9]
    assert extractors["trained_on"].tolist() == ["a b", ""]
    rates = found[found["setting"] == "open"].groupby("extractor")["false_accept_rate"].unique()
    assert {name: values.tolist() for name, values in rates.items()} == {"old": [0.01], "new": [0.01]}


def test_a_surrogate_of_our_own_cloak_is_marked(files):
    _, own, others = files
    found, _ = findings(PICTURES, own, others, set(), TOLD, 1)
    assert list(found) == FINDINGS
    marked = found.loc[found["surrogate"], ["cloak", "extractor"]].drop_duplicates().to_numpy().tolist()
    assert marked == [["lowkey", "old"]]


def test_without_thresholds_and_without_a_crowd_there_is_no_answer(files):
    _, own, _ = files
    unknown = {**TOLD, "crowd": None, "extractors": {"new": TOLD["extractors"]["new"]}}
    with pytest.raises(InputError, match="no threshold of these extractors is known, and there is no crowd"):
        findings(PICTURES, own, {}, set(), unknown, 1)
    both, _ = findings(PICTURES, own, {}, set(), {**TOLD, "crowd": None}, 1)
    assert set(both["extractor"]) == {"old"}  # the other is told, and not counted
    assert about({**TOLD, "crowd": None}, [], set(), 1)["crowd"] is None


def test_what_is_offered_has_its_columns_even_where_nothing_is():
    assert list(offered(TOLD)) == list(offered({**TOLD, "offered": []})) == OFFERED
