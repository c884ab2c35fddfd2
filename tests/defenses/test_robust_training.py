"""Robust training: which pictures are perturbed, how pairs are put together, and who must not be seen."""

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from uncloak.defenses.robust_training import (  # noqa: E402
    compose,
    held_out_public,
    read_perturbed,
    read_public,
    some_of_each,
    strengthened,
)
from uncloak.errors import InputError  # noqa: E402
from uncloak.pictures.labeled import Faces, join  # noqa: E402
from uncloak.pictures.stored import identity_order, pictures_to_perturb, posted_pictures  # noqa: E402
from uncloak.store import write_arrays  # noqa: E402

SIZE = 8


@pytest.fixture
def dataset(tmp_path):
    """Faces of users, public, detector and other identities; in each, two of five pictures are probes."""
    rows = [
        (f"{role}_{person}/{picture}", f"{role}_{person}", "probe" if picture > 2 else "gallery", role)
        for role, people in (("user", 3), ("public", 8), ("detector", 4), ("other", 2))
        for person in range(people)
        for picture in range(5)
    ]
    table = pd.DataFrame(rows, columns=["picture", "identity", "part", "role"])
    table = table.sample(frac=1, random_state=0)
    table.to_csv(tmp_path / "split.csv", index=False)
    faces = np.random.default_rng(0).integers(0, 256, (len(table), SIZE, SIZE, 3), dtype=np.uint8)
    write_arrays(tmp_path / "faces.h5", {"faces": faces, "picture": table["picture"].to_numpy(str)}, {})
    return tmp_path, table, dict(zip(table["picture"], faces, strict=True))


def whose(table, role):
    return set(table.loc[(table["role"] == role) & (table["part"] == "gallery"), "picture"])


def perturbed_file(path, faces, pictures, change=1):
    changed = np.stack([faces[picture] + np.uint8(change) for picture in pictures])
    write_arrays(path, {"faces": changed, "picture": np.array(pictures)}, {})
    return path


def test_all_gallery_pictures_of_a_role_are_perturbed_and_no_probe(dataset):
    folder, table, _ = dataset
    for role in ("user", "public", "detector"):
        chosen = pictures_to_perturb(folder / "split.csv", 1, role)
        assert set(chosen) == whose(table, role)
        assert list(chosen) == sorted(chosen)
    np.testing.assert_array_equal(
        posted_pictures(folder / "split.csv"), pictures_to_perturb(folder / "split.csv", 7, "user")
    )


def test_smaller_choices_lie_in_larger_ones(dataset):
    split = dataset[0] / "split.csv"
    chosen = {(n, k): set(pictures_to_perturb(split, 1, "public", n, k)) for n in range(1, 9) for k in (1, 2, 3)}
    for (n, k), pictures in chosen.items():
        identities = [picture.split("/")[0] for picture in pictures]
        assert len(pictures) == n * k
        assert np.unique(identities, return_counts=True)[1].tolist() == [k] * n
        assert pictures <= chosen[min(n + 1, 8), k] & chosen[n, min(k + 1, 3)]
    assert chosen[4, 1] != set(pictures_to_perturb(split, 2, "public", 4, 1))


def test_the_choice_depends_on_the_identities_alone(dataset):
    folder, table, _ = dataset
    chosen = pictures_to_perturb(folder / "split.csv", 1, "public", 3, 2)
    table[table["role"] == "public"].sort_values("picture").to_csv(folder / "other.csv", index=False)
    np.testing.assert_array_equal(chosen, pictures_to_perturb(folder / "other.csv", 1, "public", 3, 2))


def test_more_identities_than_there_are_cannot_be_perturbed(dataset):
    with pytest.raises(InputError, match=r"split.csv: 9 public identities are to be perturbed, but it has 8"):
        pictures_to_perturb(dataset[0] / "split.csv", 1, "public", 9)


def test_public_faces_are_those_of_the_public_gallery(dataset):
    folder, table, faces = dataset
    public = read_public(folder / "faces.h5", folder / "split.csv")
    assert set(public.pictures) == whose(table, "public")
    for face, picture, identity in zip(public.faces[:], public.pictures, public.identities, strict=True):
        np.testing.assert_array_equal(face, faces[picture])
        assert identity == f"public/{picture.split('/')[0]}"


def test_a_dataset_without_public_identities_is_refused(dataset):
    folder, table, _ = dataset
    table[table["role"] != "public"].to_csv(folder / "other.csv", index=False)
    with pytest.raises(InputError, match=r"other.csv: no identity has the role public"):
        read_public(folder / "faces.h5", folder / "other.csv")


def test_who_is_held_out_is_the_last_to_be_perturbed(dataset):
    folder, _, _ = dataset
    public = read_public(folder / "faces.h5", folder / "split.csv")
    for count in range(1, 8):
        unseen = held_out_public(public.identities, count, 1)
        assert len(unseen) == count
        perturbed = pictures_to_perturb(folder / "split.csv", 1, "public", 8 - count)
        together = {f"public/{picture.split('/')[0]}" for picture in perturbed} | set(unseen)
        assert together == set(public.identities)
    assert len(held_out_public(public.identities, 0, 1)) == 0
    with pytest.raises(InputError, match="8 identities cannot be held out of 8 public identities"):
        held_out_public(public.identities, 8, 1)


def test_an_order_of_names_is_one_of_all_distinct_names():
    names = np.array(["c", "a", "b", "a"])
    assert sorted(identity_order(names, 1, "public")) == ["a", "b", "c"]


def test_perturbed_faces_come_in_the_order_of_the_files(dataset):
    folder, _, faces = dataset
    public = read_public(folder / "faces.h5", folder / "split.csv")
    first = perturbed_file(folder / "a.h5", faces, ["public_3/1", "public_0/0"])
    second = perturbed_file(folder / "b.h5", faces, ["public_3/1"], change=2)
    perturbed = read_perturbed([first, second], public)
    assert perturbed.pictures.tolist() == ["public_3/1", "public_0/0", "public_3/1"]
    assert perturbed.identities.tolist() == ["public/public_3", "public/public_0", "public/public_3"]
    np.testing.assert_array_equal(perturbed.faces[:][2], faces["public_3/1"] + np.uint8(2))


@pytest.mark.parametrize("picture", ["user_0/0", "public_0/4", "other_1/2", "held out"])
def test_no_perturbed_face_may_be_of_anybody_else(dataset, picture):
    folder, _, faces = dataset
    public = read_public(folder / "faces.h5", folder / "split.csv")
    unseen = np.isin(public.identities, held_out_public(public.identities, 2, 1))
    seen = public.where(~unseen)
    if picture == "held out":
        picture = public.pictures[unseen][0]
    path = perturbed_file(folder / "a.h5", faces, [seen.pictures[0], picture])
    with pytest.raises(InputError, match=rf"a.h5: picture '{picture}' is of nobody whom robust training may see"):
        read_perturbed([path], seen)


def test_some_of_each_takes_at_most_so_many():
    identities = np.random.default_rng(0).permutation(np.repeat(["a", "b", "c"], [5, 2, 9]))
    rows = some_of_each(identities, 4, 1)
    assert (np.diff(rows) > 0).all()
    assert dict(zip(*np.unique(identities[rows], return_counts=True), strict=True)) == {"a": 4, "b": 2, "c": 4}
    assert len(some_of_each(identities, 9, 1)) == 16
    assert rows.tolist() != some_of_each(identities, 4, 2).tolist()


def some(names, seed):
    faces = np.random.default_rng(seed).integers(0, 256, (len(names), SIZE, SIZE, 3), dtype=np.uint8)
    return Faces(faces, np.array(names), np.array([name.split("/")[0] for name in names]))


def test_perturbed_faces_are_learned_as_they_are_and_stronger():
    random = np.random.default_rng(3)
    clean = random.integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
    change = random.integers(-40, 41, (3, SIZE, SIZE, 3))
    made_from = [2, 0, 3]
    cloaked = np.clip(clean[made_from] + change, 0, 255).astype(np.uint8)
    pictures, identities = np.array(list("abcd")), np.array(list("ABCD"))
    public = Faces(clean, pictures, identities)
    perturbed = Faces(cloaked, pictures[made_from], identities[made_from])

    learned = strengthened(perturbed, public, [1.0, 1.5])

    np.testing.assert_array_equal(learned.faces[:3], cloaked)
    original = clean[made_from].astype(np.float64)
    exact = original + 1.5 * (cloaked - original)
    np.testing.assert_allclose(learned.faces[3:], np.clip(exact, 0, 255), atol=0.5)
    assert exact.min() < 0  # what is cut off was there
    assert exact.max() > 255
    np.testing.assert_array_equal(learned.pictures, np.tile(perturbed.pictures, 2))
    np.testing.assert_array_equal(learned.identities, np.tile(perturbed.identities, 2))
    only = strengthened(perturbed, public, [1.0])
    np.testing.assert_array_equal(only.faces, cloaked)


def test_a_training_set_says_of_what_each_face_was_made():
    background, public = some(["b0/0", "b0/1", "b1/0"], 0), some(["p0/0", "p0/1", "p1/0", "p2/0"], 1)
    perturbed = some(["p2/0", "p0/1", "p2/0"], 2)
    faces, identities, composition = compose(
        background, public, perturbed, {"perturbed": 0.5, "background": 0.25, "clean": 0.25}, 3.0
    )
    whole = join(background, public, perturbed)
    np.testing.assert_array_equal(faces, whole.faces)
    np.testing.assert_array_equal(identities, whole.identities)
    assert composition.kinds.tolist() == ["background"] * 3 + ["clean"] * 4 + ["perturbed"] * 3
    np.testing.assert_array_equal(whole.pictures[composition.clean], whole.pictures)
    np.testing.assert_array_equal(composition.clean[:7], np.arange(7))
    assert set(composition.kinds[composition.clean]) <= {"background", "clean"}
    assert composition.anchor == 3.0


def test_there_may_be_nobody_to_rehearse():
    public = some(["p0/0", "p1/0"], 1)
    nobody = Faces(public.faces[:0], public.pictures[:0], public.identities[:0])
    faces, _, composition = compose(nobody, public, some(["p1/0"], 2), {"clean": 0.5, "perturbed": 0.5}, 1.0)
    assert len(faces) == 3
    assert composition.clean.tolist() == [0, 1, 1]
    assert [count for _, count in composition.groups(10)] == [0, 5, 5]


def test_a_share_must_be_of_a_kind():
    public = some(["p0/0"], 1)
    with pytest.raises(
        InputError, match=r"public.shares: 'users' is no kind of faces; use background, clean, perturbed"
    ):
        compose(public, public, public, {"users": 1.0}, 1.0)
