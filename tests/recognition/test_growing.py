"""Recognition by a gallery that grows, against galleries put together face by face."""

from functools import partial

import embedded_crowd as crowd
import numpy as np
import pandas as pd
import pytest

from uncloak.attacks.mixture import assign
from uncloak.defenses import before_first_attack, dyntracker
from uncloak.errors import InputError
from uncloak.recognition.comparing import compare
from uncloak.recognition.dropping import without_dropped
from uncloak.recognition.embeddings import Embeddings
from uncloak.recognition.evaluation import evaluate
from uncloak.recognition.growing import Growth, grown_errors
from uncloak.recognition.seen import Seen
from uncloak.seeds import generator

SEED, ORDERS = 3, 3
NAMES = {"dataset": "d", "extractor": "e", "seed": SEED, "defense": "dyntracker"}


def world(make, seed: int, metric: str = "euclidean"):
    clean, made = crowd.make_embeddings(make, seed)
    perturbed = {(attack, "png"): embeddings for attack, embeddings in made.items()}
    seen = Seen(clean, clean, perturbed, crowd.make_split())
    return compare(clean, perturbed, seen.split, metric), seen


def grown(comparisons, seen, reach=np.inf):
    table = grown_errors(comparisons, crowd.SHARES, seen, Growth(reach, ORDERS), **NAMES)
    return {(row.attack, row.user): row.error for row in table.itertuples()}


def written_out(seen, reach, keeps=lambda user, posting: True):
    """Return {(attack, user): error}, with one gallery after the other."""
    split, expected = seen.split, {}
    people = sorted(name for name, role in crowd.ROLES.items() if role != "background")
    stream = [(picture.split("/")[0], picture) for name in people for picture in crowd.probes_of(split, [name])]
    everybody = crowd.clean_gallery(split, seen.clean)
    for attack in ("none", *crowd.SHARES):
        for user in crowd.USERS:
            pictures = [picture for name, picture in everybody if name == user]
            parts = assign(pictures, crowd.SHARES.get(attack) or {attack: 1}, SEED)
            start = {name: face for name, face in everybody.items() if name[0] != user}
            for picture, part in zip(pictures, parts, strict=True):
                if keeps(user, part):
                    made = seen.clean if part == "none" else seen.perturbed[part, "png"]
                    start[user, picture] = made.rows([picture])[0]
            lost = []
            for number in range(ORDERS):
                faces = dict(start)
                for place in generator(SEED, "growth", str(number)).permutation(len(stream)):
                    asker, picture = stream[place]
                    probe = seen.probing.rows([picture])[0]
                    squared, found, _ = crowd.nearest(probe, faces)
                    if asker == user:
                        lost.append(found != user)
                    if squared < reach:
                        faces[found, f"later {picture}"] = probe
            expected[attack, user] = np.mean(lost)
    return expected


@pytest.mark.parametrize("reach", [np.inf, 6.0, 3.0, 2.0, 0.0])
@pytest.mark.parametrize("make", [crowd.clusters, crowd.lattice])
def test_equals_galleries_written_out(make, reach):
    comparisons, seen = world(make, 0)
    found, expected = grown(comparisons, seen, reach), written_out(seen, reach)
    assert found == pytest.approx(expected, abs=1e-12)
    table = evaluate(comparisons, crowd.SHARES, **{**NAMES, "defense": "none"})
    still = {(row.attack, row.user): row.error for row in table.itertuples()}
    assert found.keys() == still.keys()
    # Nothing that is farther than nothing joins.
    assert (found == pytest.approx(still)) == (reach == 0)


def test_what_is_dropped_does_not_recognize_but_later_pictures_do():
    comparisons, seen = world(crowd.clusters, 1)
    judge = partial(before_first_attack.gallery, options=before_first_attack.Options())
    left = without_dropped(comparisons, seen, judge)
    expected = written_out(seen, np.inf, lambda user, posting: posting == "none")
    assert grown(left, seen) == pytest.approx(expected, abs=1e-12)
    # Of who has no picture there, no later one is recognized and joins.
    assert {error for (attack, _), error in expected.items() if attack != "none"} == {1}
    assert min(error for (attack, _), error in expected.items() if attack == "none") < 1

    # Others' faces may be dropped, too: then nobody is mistaken for them, until nobody is left at all.
    def alone(strangers):
        return lambda person: np.full(len(person.picture), person.identity in crowd.USERS)

    def nobody(strangers):
        return lambda person: np.zeros(len(person.picture), dtype=bool)

    only = grown(without_dropped(comparisons, seen, alone), seen)
    assert np.mean(list(only.values())) < np.mean(list(grown(comparisons, seen).values()))
    assert set(grown(without_dropped(comparisons, seen, nobody), seen).values()) == {1}


def test_one_picture_that_is_recognized_opens_the_door_to_the_next():
    """Probes in a row, each nearer to the one before than to a stranger; only the first two are near the gallery."""
    split = pd.DataFrame(
        [("u/0", "u", "gallery", "user"), ("z/0", "z", "gallery", "other")]
        + [(f"u/{number}", "u", "probe", "user") for number in range(1, 5)],
        columns=["picture", "identity", "part", "role"],
    )
    clean = Embeddings(np.float32([[0], [5.5], [1], [2], [3], [4]]), split["picture"], "clean")
    comparisons = compare(clean, {}, split, "euclidean")
    seen = Seen(clean, clean, {}, split)
    errors = []
    for seed in range(40):
        table = grown_errors(comparisons, {}, seen, Growth(np.inf, 1), **{**NAMES, "seed": seed})
        errors.append(table["error"].item())
        order = generator(seed, "growth", "0").permutation(4)
        faces, lost = {("u", "u/0"): 0.0, ("z", "z/0"): 5.5}, 0
        for place in order:
            probe = place + 1.0
            owner = min(faces, key=lambda name: (abs(faces[name] - probe), name))[0]
            lost += owner != "u"
            faces[owner, f"later {place}"] = probe
        assert errors[-1] == lost / 4
    # Without growth half of them are lost.
    assert evaluate(comparisons, {}, **{**NAMES, "defense": "none"})["error"].item() == 0.5
    assert min(errors) == 0
    assert len(set(errors)) > 1


def test_the_order_of_files_does_not_matter():
    comparisons, seen = world(crowd.clusters, 2)
    shuffled = Seen(seen.clean, seen.probing, seen.perturbed, seen.split.sample(frac=1, random_state=1))
    assert grown(comparisons, shuffled) == grown(comparisons, seen)


def test_a_picture_joins_where_few_strangers_are_so_near():
    comparisons, _ = world(crowd.clusters, 0)
    nearest = np.sort(comparisons.other_rival_squared)
    assert dyntracker.growth(comparisons, dyntracker.Options()) == Growth(np.inf, 5)
    for share in (0.0, 0.07, 0.25, 0.99):
        reach, orders = dyntracker.growth(comparisons, dyntracker.Options(share, 2))
        assert orders == 2
        # The greatest such distance.
        assert (nearest < reach).mean() <= share < (nearest <= reach).mean()
    none = compare(*(world(crowd.clusters, 0)[1].clean, {}), users_alone(), "euclidean")
    with pytest.raises(InputError, match="false_matches need probes of identities that are no users"):
        dyntracker.growth(none, dyntracker.Options(0.1))


def users_alone() -> pd.DataFrame:
    split = crowd.make_split()
    return split.assign(part=split["part"].where((split["role"] == "user") | (split["part"] == "gallery"), "none"))
