"""How far a user's gallery lies from what is usual, and who is found by that: Fawkes (2020), section 8.2."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.experiments.averaging import labeled
from uncloak.experiments.given import Given
from uncloak.experiments.unprotected.measure import permutations
from uncloak.experiments.usual import learn_usual
from uncloak.pictures.split import USER, read_split
from uncloak.recognition.distances import points
from uncloak.recognition.embeddings import Embeddings, read_embeddings
from uncloak.recognition.intervals import difference_interval, mean_interval, rate_interval
from uncloak.recognition.parts import gallery_and_probes
from uncloak.tables import read_table

# The share of a gallery that no attack has touched.
ALL = 1.0

MEASURED = (
    *("dataset", "attack", "channel", "extractor", "defense", "metric", "sign", "uncloaked", "user"),
    *("n_pictures", "n_uncloaked", "n_choices", "deviations", "found", "seed"),
)

_GROUP = ["dataset", "attack", "channel", "extractor", "defense", "metric", "sign", "uncloaked"]


def measure(given: Given) -> pd.DataFrame:
    """Return what each user's gallery shows to each extractor under each attack; see `signs`."""
    told = given.told
    split = read_split(given.files["split"][0])
    aims = {
        attack: read_table(path, "picture", "target").set_index("picture")["target"]
        for attack, path in zip(told["aimed"], given.files.get("targets", ()), strict=True)
    }
    posted = map(read_embeddings, given.files["posted"])
    tables = []
    for extractor, path in zip(told["extractors"], given.files["clean"], strict=True):
        perturbed = {attack: next(posted) for attack in told["attacks"]}
        options = {"metric": told["metric"], "seed": given.seed, **vars(given.options)}
        table = signs(read_embeddings(path), perturbed, split, aims, **options)
        tables.append(table.assign(dataset=given.dataset, extractor=extractor, metric=told["metric"]))
    return pd.concat(tables, ignore_index=True)


def signs(
    clean: Embeddings,
    perturbed: Mapping[str, Embeddings],
    split: pd.DataFrame,
    aims: Mapping[str, pd.Series],
    *,
    metric: str,
    shares: Sequence[float],
    choices: int,
    deviations: float,
    seed: int,
) -> pd.DataFrame:
    """Measure the signs of each user's gallery (`uncloak.experiments.usual`) to one extractor.

    Args:
        clean: embeddings of everybody's clean faces, the targets' among them.
        perturbed: attack -> embeddings of the users' gallery faces.
        split: columns picture, identity, part and role.
        aims: attack -> the target picture of each gallery picture, of those that have targets here.
        metric: one of `uncloak.recognition.distances.METRICS`.
        shares: of a gallery that the trainer has uncloaked, in [0,1), rounded to whole pictures; all of it is measured,
            too.
        choices: random choices of these pictures, over which a user's numbers are means.
        deviations: a user is found where a sign is above so many.
        seed: of the experiment.

    Returns one row per (attack, sign, share, user): attack, channel ("png"), defense ("none"), sign, uncloaked (the
    share), user, n_pictures, n_uncloaked, n_choices, deviations (how many standard deviations the user lies from the
    usual towards what a cloak does: centers farther apart, or a person nearer), found (share of choices in which that
    is above the limit) and seed.

    Raises InputError where fewer than three people are no users, or their pictures do not differ.
    """
    gallery, _ = gallery_and_probes(split)
    is_user = gallery["role"] == USER
    usual = learn_usual(_faces(clean, gallery[~is_user], metric), seed)
    records = []
    for user, own in gallery[is_user].groupby("identity"):
        pictures = own["picture"].to_numpy(str)
        orders = permutations(len(pictures), choices, user, seed)
        uncloaked = points(clean.rows(pictures), metric)
        for attack, embeddings in perturbed.items():
            cloaked = points(embeddings.rows(pictures), metric)
            aim = None
            if attack in aims:
                aim = points(clean.rows(aims[attack][pictures].unique()), metric).mean(axis=0)
            for share in (*shares, ALL):
                count = int(share * len(pictures) + 0.5)
                chosen = orders[:, :count] if 0 < count < len(pictures) else orders[:1, :count]
                seen = pd.DataFrame([usual.signs(_with(cloaked, uncloaked, own), aim) for own in chosen])
                for sign, values in seen.items():
                    records.append(
                        {
                            **{"attack": attack, "channel": "png", "defense": "none", "sign": sign},
                            **{"uncloaked": share, "user": user, "n_pictures": len(pictures), "n_uncloaked": count},
                            **{"n_choices": len(values), "deviations": values.mean()},
                            **{"found": (values > deviations).mean(), "seed": seed},
                        }
                    )
    return pd.DataFrame(records)


def _with(cloaked: np.ndarray, uncloaked: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The faces of a gallery of which those chosen are uncloaked."""
    faces = cloaked.copy()
    faces[chosen] = uncloaked[chosen]
    return faces


def _faces(clean: Embeddings, gallery: pd.DataFrame, metric: str) -> Iterator[np.ndarray]:
    """The faces of one person after the other."""
    for _, own in gallery.groupby("identity"):
        yield points(clean.rows(own["picture"]), metric)


def average(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Average over users, every user counting alike, and say what each row is about (`labeled`).

    Returns one row per (attack, extractor, sign, uncloaked): `found`, the share of users found, with the 95 % interval
    `low` to `high` (`uncloak.recognition.intervals.rate_interval`); `above_uncloaked`, what it is above that of the
    same users' galleries wholly uncloaked, with its interval; `deviations` with the bootstrap's `deviations_low` to
    `deviations_high`; the mean of `n_uncloaked`; n_users, n_pictures (all users' together) and seed.
    """
    records = []
    table = table.sort_values("user", kind="stable")
    for key, rows in table.groupby(_GROUP, sort=False):
        record = dict(zip(_GROUP, key, strict=True))
        alike = (table[_GROUP[:-1]] == pd.Series(record)[_GROUP[:-1]]).all(axis=1)
        baseline = table.loc[alike & (table["uncloaked"] == ALL), "found"].to_numpy()
        low, high = rate_interval(rows["found"], rows["n_choices"])
        above = rows["found"].mean() - baseline.mean(), *difference_interval(rows["found"], baseline, rows["n_choices"])
        deviations = rows["deviations"].mean(), *mean_interval(rows["deviations"], given.seed)
        records.append(
            {
                **record,
                **{"found": rows["found"].mean(), "low": low, "high": high},
                **dict(zip(_ends("above_uncloaked"), above, strict=True)),
                **dict(zip(_ends("deviations"), deviations, strict=True)),
                "n_uncloaked": rows["n_uncloaked"].mean(),
                **{"n_users": len(rows), "n_pictures": rows["n_pictures"].sum(), "seed": rows["seed"].iloc[0]},
            }
        )
    return labeled(given, pd.DataFrame(records))


def _ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"
