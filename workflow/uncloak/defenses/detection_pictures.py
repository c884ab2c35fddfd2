"""Whose faces a detector learns from and is tested on, and which faces it scores (ICLR 2022 paper, B.4)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from uncloak.attacks.mixture import assign
from uncloak.errors import InputError
from uncloak.pictures.names import identity_of
from uncloak.pictures.split import DETECTOR, GALLERY, in_role
from uncloak.pictures.stored import identity_order
from uncloak.recognition.flags import CLEAN

PARTS = ("train", "test")


def divide(split: pd.DataFrame, counts: Mapping[str, int], seed: int) -> dict[str, str]:
    """Return identity -> "train" or "test", of identities with role "detector" in a drawn order, training ones first.

    split: columns identity and role; counts: numbers of identities for "train" and "test".
    Raises InputError where there are fewer identities.
    """
    order = identity_order(in_role(split, DETECTOR)["identity"].to_numpy(str), seed, DETECTOR)
    wanted = sum(counts[part] for part in PARTS)
    if len(order) < wanted:
        raise InputError(
            f"detector: {wanted} identities are wanted for training and test, but {len(order)} have role 'detector';"
            " raise split.roles.detector or lower the numbers"
        )
    return dict(zip(order.tolist(), np.repeat(PARTS, [counts[part] for part in PARTS]).tolist(), strict=False))


def to_learn_from(
    perturbed: Mapping[str, Sequence[str]], divided: Mapping[str, str], attacks: Sequence[str], seed: int
) -> pd.DataFrame:
    """Return the pictures to learn from, clean and perturbed, and for each the attack that perturbs it.

    Every training identity's pictures are divided among the attacks as evenly as whole pictures allow, by lot: all of
    them go to a single attack, a third each to Fawkes' modes.

    Args:
        perturbed: attack -> ids of the pictures that it perturbed.
        divided: what `divide` returned.
        attacks: those to learn.
        seed: of the experiment.

    Returns columns picture and attack, sorted by picture.

    Raises InputError where an attack did not perturb what another one did, or there is nothing to learn from.
    """
    pictures = {
        attack: {p for p in perturbed.get(attack, ()) if divided.get(identity_of(p)) == PARTS[0]} for attack in attacks
    }
    every = sorted(set().union(*pictures.values()))
    if not every:
        raise InputError(f"detector: {', '.join(attacks)} perturbed no picture of a training identity; perturb some")
    for attack, own in pictures.items():
        if len(own) < len(every):
            absent = next(picture for picture in every if picture not in own)
            raise InputError(f"detector: {attack} did not perturb picture '{absent}'; perturb the same by all attacks")
    return pd.DataFrame({"picture": every, "attack": assign(every, dict.fromkeys(attacks, 1), seed)})


def to_score(
    split: pd.DataFrame,
    divided: Mapping[str, str],
    perturbed: Mapping[str, Sequence[str]],
    posted: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Return the faces to score: everybody's clean gallery, and what attacks made of detector people and of users.

    Args:
        split: columns picture, identity, part and role.
        divided: what `divide` returned.
        perturbed: attack -> ids of its pictures of detector people; those of people in neither part are left out.
        posted: attack -> ids of its pictures of users.

    Returns columns picture, identity, role, part and posting ("clean" or an attack), clean first, each sorted by
    picture. Part is "train" or "test" for the pictures of these people that an attack perturbed, clean ones too, and
    "gallery" for all others.
    """
    ours = {
        attack: [picture for picture in pictures if identity_of(picture) in divided]
        for attack, pictures in perturbed.items()
    }
    chosen = set().union(*ours.values())
    gallery = set(split.loc[split["part"] == GALLERY, "picture"])
    postings = [(CLEAN, gallery)]
    postings += [
        (attack, {*ours.get(attack, ()), *posted.get(attack, ())}) for attack in dict.fromkeys([*ours, *posted])
    ]
    roles = split.set_index("picture")["role"]
    rows = [
        (
            picture,
            identity_of(picture),
            roles[picture],
            divided[identity_of(picture)] if picture in chosen else GALLERY,
            posting,
        )
        for posting, pictures in postings
        for picture in sorted(pictures)
    ]
    return pd.DataFrame(rows, columns=["picture", "identity", "role", "part", "posting"])
