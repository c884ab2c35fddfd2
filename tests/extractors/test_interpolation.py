"""Extractors between two others: their weights, and what is measured with them, written out by hand."""

import embedded_crowd as crowd
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file  # noqa: E402

from uncloak.errors import InputError  # noqa: E402
from uncloak.experiments.given import Given  # noqa: E402
from uncloak.experiments.interpolation.measure import average, measure  # noqa: E402
from uncloak.extractors import weights  # noqa: E402
from uncloak.extractors.embedding import embed  # noqa: E402
from uncloak.extractors.extractor import build  # noqa: E402
from uncloak.extractors.interpolation import interpolate  # noqa: E402
from uncloak.extractors.text_tower import TextTower, read_tower  # noqa: E402
from uncloak.recognition.comparing import compare  # noqa: E402
from uncloak.recognition.comparisons import write_comparisons  # noqa: E402
from uncloak.recognition.embeddings import read_embeddings  # noqa: E402
from uncloak.store import write_arrays  # noqa: E402

ALPHA = 0.3
RECORD = {
    "network": {"name": "vgg", "width": 4, "dimension": 16},
    "input": {"size": [64, 64], "template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"},
}
TOWER = {"dimension": 16, "context": 16, "width": 8, "layers": 1, "heads": 2}


def made(path, seed, record=RECORD, tower=TOWER):
    """Write an extractor that has seen as many batches as its seed, and its text tower."""
    torch.manual_seed(seed)
    extractor = build(record)
    with torch.no_grad():
        for _ in range(seed):
            extractor.train()(torch.rand(4, 3, 64, 64))
    weights.save(path, extractor, record, {}, tower and TextTower(**tower))
    return path


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ends")
    return made(folder / "start.safetensors", 1), made(folder / "end.safetensors", 3)


def by_hand(ends):
    """The state between both ends, in NumPy."""
    start, end = map(load_file, ends)
    return {
        name: np.float32(1 - ALPHA) * start[name] + np.float32(ALPHA) * value if value.dtype == np.float32 else value
        for name, value in end.items()
    }


def test_weights_and_statistics_lie_between_and_counters_are_the_ends(ends, tmp_path):
    between = interpolate(*ends, ALPHA)
    weights.save(tmp_path / "between.safetensors", between.extractor, between.record, {}, between.tower)
    found, expected = load_file(tmp_path / "between.safetensors"), by_hand(ends)
    assert found.keys() == expected.keys()
    assert any(name.startswith("text/") for name in found)
    assert {found[name].item() for name in found if name.endswith("num_batches_tracked")} == {3}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-7, err_msg=name)
    assert between.record == RECORD
    for alpha, end in zip((0, 1), ends, strict=True):
        exact, whole = interpolate(*ends, alpha).extractor.network.state_dict(), weights.load(end).network.state_dict()
        assert all(torch.equal(exact[name], value) for name, value in whole.items() if value.is_floating_point())


def test_one_alpha_of_the_table_is_what_its_weights_recognize(ends, tmp_path):
    """From the two files to the rate in the table, written out: weights, embeddings, nearest faces, mean over users."""
    random, split = np.random.default_rng(0), crowd.make_split()
    pictures, posted = split["picture"].to_numpy(str), crowd.posted_pictures(split)
    patterns = {name: random.integers(60, 190, (8, 8, 3)).repeat(8, 0).repeat(8, 1) for name in crowd.ROLES}
    faces = np.stack([patterns[name] + random.normal(0, 30, (64, 64, 3)) for name in split["identity"]])
    faces = faces.clip(0, 255).astype(np.uint8)
    rows = {picture: row for row, picture in enumerate(pictures)}
    cloaked = 255 - faces[[rows[picture] for picture in posted]]

    extractor = interpolate(*ends, ALPHA).extractor
    for name, shown, own in (("clean", faces, pictures), ("lowkey", cloaked, np.array(posted))):
        write_arrays(tmp_path / f"{name}.h5", {"embedding": embed(extractor, shown), "picture": own}, {})
    clean = read_embeddings(str(tmp_path / "clean.h5"))
    write_comparisons(tmp_path / "comparisons.h5", compare(clean, {}, split, "euclidean"), {})
    asked = {"extractor": "between", "defense": "none", "does": None, "second": False, "scores": 0}
    told = {
        "dataset": "d",
        "seed": 3,
        "recognizers": [{**asked, "postings": [("lowkey", "png")], "attacks": {"lowkey": {}}}],
    }
    files = {"comparisons": [str(tmp_path / "comparisons.h5")], "posted": [str(tmp_path / "lowkey.h5")]}
    errors = measure(Given(files, told))
    about = {"extractor": "between", "defense": "none", "extractor_label": "B", "defense_label": "none"}
    says = {
        "recognizers": [{**about, "released": "2021-09-04", "known_to": []}],
        "attacks": {name: {"label": name, "released": None} for name in ("none", "lowkey")},
        "alphas": {"between": ALPHA},
    }
    table = average(Given({}, says), errors).set_index("attack")

    network = build(RECORD)
    state = {name: torch.from_numpy(value) for name, value in by_hand(ends).items() if not name.startswith("text/")}
    network.network.load_state_dict(state)
    own, others = (embed(network.freeze(), shown).astype(float) for shown in (cloaked, faces))
    for attack in ("none", "lowkey"):
        lost = []
        for user in crowd.USERS:
            gallery = (split["part"] == "gallery") & (split["role"] != "background")
            embeddings = others.copy()
            if attack == "lowkey":  # of one user at a time
                mine = [place for place, picture in enumerate(posted) if picture.startswith(f"{user}/")]
                embeddings[[rows[posted[place]] for place in mine]] = own[mine]
            probes = others[(split["identity"] == user) & (split["part"] == "probe")]
            known, names = embeddings[gallery], split["identity"][gallery].to_numpy()
            nearest = names[((probes[:, None] - known) ** 2).sum(axis=2).argmin(axis=1)]
            lost.append(np.mean(nearest != user))
        assert table.loc[attack, "protection_rate"] == pytest.approx(np.mean(lost))
    assert 0 < table.loc["none", "protection_rate"] < table.loc["lowkey", "protection_rate"]
    assert set(table["alpha"]) == {ALPHA}


def test_nothing_lies_between_two_architectures(ends, tmp_path):
    wider = made(tmp_path / "wider.safetensors", 1, {**RECORD, "network": {**RECORD["network"], "width": 8}})
    with pytest.raises(InputError, match="have another network each; take two") as error:
        interpolate(ends[0], wider, ALPHA)
    assert "\n" not in str(error.value)
    without = made(tmp_path / "without.safetensors", 2, tower=None)
    assert interpolate(ends[0], without, ALPHA).tower is None
    assert read_tower(without) is None
