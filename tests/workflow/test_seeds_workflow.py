"""Seeds through the workflow, on a small world: what is made anew, what is not, and the table of their spread."""

import os

import pandas as pd
import pytest
import yaml
from conftest import Checkout, copy_checkout

from uncloak.recognition.components import components, components_of_others
from uncloak.store import read_arrays, read_attributes

pytestmark = pytest.mark.slow

RESULTS = "results/synthetic"
TABLE = f"{RESULTS}/tables/seeds.csv"
OVERLAY = {
    "run": {"extractors": ["facenet", "arcface"], "attacks": ["fawkes_v10"], "experiments": ["protection", "seeds"]},
    "datasets": {
        "synthetic": {
            "prolific": {"people": 6, "pictures": 7},
            "split": {"roles": {"user": 2, "public": 1, "detector": 0}},
            "seeds": [4],
        }
    },
    "extractors": {"arcface": {"seeds": [5, 6]}},
    "attacks": {"fawkes_v10": {"surrogates": ["facenet"], "options": {"start": "noise"}, "seeds": [7]}},
}


class World(Checkout):
    def start(self, *arguments, configs=()):
        return super().start(*arguments, configs=["tests/worlds/tiny.yaml", *configs])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds") / "uncloak"
    copy_checkout(folder)
    (folder / "seeds.yaml").write_text(yaml.safe_dump(OVERLAY))
    checkout = World(folder)
    done = checkout.snakemake("--cores", "2", TABLE, config="seeds.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def read(world, name):
    return pd.read_csv(world.folder / name, keep_default_na=False)


def test_what_has_seeds_is_made_anew_and_nothing_else(world):
    made = {path.stem for path in (world.folder / "results/extractors").glob("*.safetensors")}
    assert made == {"facenet", "arcface", "arcface_seed_5", "arcface_seed_6"}
    weights = {path.read_bytes() for path in (world.folder / "results/extractors").glob("arcface*")}
    assert len(weights) == 3
    first, again = (world.folder / f"{RESULTS}/perturbed/fawkes_v10{seed}.h5" for seed in ("", "_seed_7"))
    (one, pictures), (other, same) = (read_arrays(path, "faces", "picture") for path in (first, again))
    assert pictures.tolist() == same.tolist()
    assert (one != other).any()
    assert [read_attributes(path)["seed"] for path in (first, again)] == [1, 7]
    # The cloak anew meets no extractor anew, nor the other split.
    embedded = {str(path.relative_to(world.folder)) for path in world.folder.glob("results/*/embeddings/*/fawkes*")}
    assert embedded == {
        f"results/{dataset}/embeddings/{extractor}/{posting}.h5"
        for dataset, extractor, posting in (
            *(("synthetic", name, "fawkes_v10") for name in ("facenet", "arcface", "arcface_seed_5", "arcface_seed_6")),
            *(("synthetic", name, "fawkes_v10_seed_7") for name in ("facenet", "arcface")),
            *(("synthetic_seed_4", name, "fawkes_v10") for name in ("facenet", "arcface")),
        )
    }


def test_the_other_split_is_of_the_same_faces(world):
    faces = world.folder / "results/synthetic_seed_4/faces.h5"
    assert os.path.samefile(faces, world.folder / f"{RESULTS}/faces.h5")
    first, other = (read(world, f"results/{name}/split.csv") for name in ("synthetic", "synthetic_seed_4"))
    assert first["picture"].tolist() == other["picture"].tolist()
    assert not first["part"].equals(other["part"])
    public = [set(table.loc[table["role"] == "public", "identity"]) for table in (first, other)]
    assert public[0] == public[1] != set()


def test_the_table_says_what_seeds_do(world):
    table = read(world, TABLE)
    found = set(table[["repeated", "extractor", "attack", "n_seeds"]].itertuples(index=False, name=None))
    assert found == {
        *(("training", "arcface", attack, 3) for attack in ("none", "fawkes_v10")),
        *(("attack", extractor, "fawkes_v10", 2) for extractor in ("facenet", "arcface")),
        *(("split", extractor, attack, 2) for extractor in ("facenet", "arcface") for attack in ("none", "fawkes_v10")),
    }
    errors = pd.concat(
        [read(world, f"results/{name}/experiments/seeds/errors.csv") for name in ("synthetic", "synthetic_seed_4")]
    )
    for row in table.itertuples():
        key = ["repeated", "extractor", "attack"]
        own = errors[(errors[key] == [getattr(row, name) for name in key]).all(axis=1)]
        by_seed = own.pivot(index="seed", columns="user", values="error")
        assert row.protection_rate == pytest.approx(by_seed.mean().mean(), abs=1e-5)
        if row.repeated == "split":
            parts = components_of_others([each.dropna().to_numpy() for _, each in by_seed.iterrows()])
        else:
            parts = components(by_seed.to_numpy())
        assert row.share_of_seeds == pytest.approx(parts.share_of_seeds, abs=1e-5)


def test_nothing_is_left_to_do_and_without_seeds_nothing_is_made_again(world):
    done = world.snakemake("-n", TABLE, config="seeds.yaml")
    assert "Nothing to be done" in done.stdout + done.stderr
    (world.folder / "plain.yaml").write_text(
        yaml.safe_dump(
            {
                **OVERLAY,
                "datasets": {"synthetic": {**OVERLAY["datasets"]["synthetic"], "seeds": []}},
                "extractors": {"arcface": {"seeds": []}},
                "attacks": {"fawkes_v10": {**OVERLAY["attacks"]["fawkes_v10"], "seeds": []}},
            }
        )
    )
    done = world.snakemake("-n", f"{RESULTS}/experiments/protection/errors.csv", config="plain.yaml")
    planned = {line.split()[1].rstrip(":") for line in (done.stdout + done.stderr).splitlines() if "rule " in line}
    assert not planned & {"train_extractor", "perturb_at_once", "align", "split", "draw_photographs", "compare"}
