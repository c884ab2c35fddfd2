"""Whom the detector sees: people and pictures that it learns from, and those that it scores."""

import pandas as pd
import pytest
from cloaked_faces import FAWKES, gallery, people

from uncloak.defenses.detection_pictures import divide, to_learn_from, to_score
from uncloak.errors import InputError


@pytest.mark.parametrize("seed", range(5))
def test_training_and_test_people_are_detector_people_apart(seed):
    split = people(seed)
    divided = divide(split, {"train": 7, "test": 4}, seed)
    by_part = [{name for name, part in divided.items() if part == wanted} for wanted in ("train", "test")]
    assert [len(names) for names in by_part] == [7, 4]
    assert not by_part[0] & by_part[1]
    assert set(divided) <= set(split.loc[split["role"] == "detector", "identity"])
    shuffled = split.sample(frac=1, random_state=seed)
    assert divide(shuffled, {"train": 7, "test": 4}, seed) == divided
    assert divide(split, {"train": 5, "test": 0}, seed).items() <= divided.items()


def test_the_seed_draws_the_people():
    split = people()
    assert len({str(sorted(divide(split, {"train": 6, "test": 6}, seed).items())) for seed in range(5)}) > 1


@pytest.mark.parametrize("seed", range(5))
def test_it_learns_from_training_people_alone_divided_equally_among_attacks(seed):
    split = people(seed, pictures=8)
    divided = divide(split, {"train": 6, "test": 4}, seed)
    everybody = split["picture"].tolist()  # also of people and parts that it must not see
    lessons = to_learn_from(dict.fromkeys([*FAWKES, "lowkey"], everybody), divided, FAWKES, seed)
    owners = lessons["picture"].str.split("/").str[0]
    assert {divided[name] for name in owners} == {"train"}
    assert owners.nunique() == 6
    counts = pd.crosstab(owners, lessons["attack"])
    assert sorted(counts.columns) == sorted(FAWKES)
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 1
    assert (counts.sum(axis=1) == 8).all()
    single = to_learn_from({"lowkey": everybody[::-1]}, divided, ["lowkey"], seed)
    assert single["picture"].tolist() == lessons["picture"].tolist()
    assert set(single["attack"]) == {"lowkey"}


def test_it_scores_every_gallery_face_and_what_attacks_made():
    split = people()
    divided = divide(split, {"train": 6, "test": 4}, 1)
    own = gallery(split, "detector")
    chosen = [picture for picture in own if picture[-1] in "23"]
    posted = gallery(split, "user")
    table = to_score(split, divided, {"low": chosen, "lowkey": chosen}, {"lowkey": posted, "other": posted})
    assert not table.duplicated(["picture", "posting"]).any()
    clean = table[table["posting"] == "clean"]
    assert clean["picture"].tolist() == sorted(split.loc[split["part"] == "gallery", "picture"])
    mine = [picture for picture in chosen if picture.split("/")[0] in divided]
    for posting, wanted in {"low": mine, "lowkey": mine + posted, "other": posted}.items():
        assert table.loc[table["posting"] == posting, "picture"].tolist() == sorted(wanted)
    for row in table.itertuples():
        assert row.identity == row.picture.split("/")[0]
        assert row.part == (divided[row.identity] if row.picture in mine else "gallery")
    assert set(table.loc[table["part"] != "gallery", "role"]) == {"detector"}
    assert set(table.loc[table["part"] == "gallery", "role"]) == {"user", "public", "detector", "other"}


def test_too_few_people_or_pictures_are_told():
    split = people()
    with pytest.raises(InputError, match="13 identities are wanted for training and test, but 12 have role 'detector'"):
        divide(split, {"train": 8, "test": 5}, 1)
    divided = divide(split, {"train": 6, "test": 4}, 1)
    pictures = gallery(split, "detector")
    with pytest.raises(InputError, match="lowkey perturbed no picture of a training identity; perturb some"):
        to_learn_from({"lowkey": gallery(split, "user")}, divided, ["lowkey"], 1)
    absent = next(picture for picture in pictures if divided.get(picture.split("/")[0]) == "train")
    fewer = [picture for picture in pictures if picture != absent]
    with pytest.raises(InputError, match=f"b did not perturb picture '{absent}'; perturb the same by all attacks"):
        to_learn_from({"a": pictures, "b": fewer}, divided, ["a", "b"], 1)
