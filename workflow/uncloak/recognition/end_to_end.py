"""Recognition of the users by classifiers tuned end to end (attacks.md 5.4; ICLR 2022, Figure 9 and appendix C.1)."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from uncloak.errors import InputError
from uncloak.extractors.embedding import embed
from uncloak.extractors.extractor import Extractor
from uncloak.pictures import views
from uncloak.pictures.labeled import Faces, join, view_labeled
from uncloak.pictures.split import USER, in_role
from uncloak.pictures.stored import identity_order
from uncloak.recognition.comparisons import NO_ATTACK
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.parts import gallery_and_probes
from uncloak.recognition.tuning import Schedule, tune
from uncloak.records.reading import converted

CLASSIFIER = "end to end"


def evaluate_record(
    record: Any,
    extractor: Extractor,
    faces: str | os.PathLike,
    split: pd.DataFrame,
    posted: Faces | None,
    public: Faces | None,
    *,
    attack: str,
    seed: int,
    device: str = "cpu",
    **names: str,
) -> pd.DataFrame:
    """Measure the users' errors as the options of the experiment `classifiers` say.

    Args:
        record: how classifiers are tuned (the fields of `Schedule`), and how many of the `users` attack; without
            attack, all are measured.
        extractor: where tuning starts.
        faces: file of everybody's clean faces.
        split: columns picture, identity, part and role.
        posted, public, attack, seed, device: as for `evaluate`.
        names: dataset and extractor_name, for the table.

    Returns and raises as `evaluate` does.
    """
    rows, probe_rows = gallery_and_probes(split)
    probe_rows = in_role(probe_rows, USER)
    users = sorted(set(probe_rows["identity"]))
    if posted is not None:
        users = attackers(users, record.users, seed)
    gallery, probes = (view_labeled(faces, each) for each in (rows, probe_rows))
    how = {"attack": attack, "seed": seed, "device": device, **names}
    return evaluate(extractor, gallery, probes, posted, public, users, converted(record, Schedule), **how)


def attackers(users: Sequence[str], count: int, seed: int) -> list[str]:
    """Return the sorted names of the `count` users (all where there are fewer) who attack: each costs a training."""
    return sorted(identity_order(np.asarray(users, dtype=str), seed, CLASSIFIER)[:count])


def evaluate(
    extractor: Extractor,
    gallery: Faces,
    probes: Faces,
    posted: Faces | None,
    public: Faces | None,
    users: Sequence[str],
    schedule: Schedule,
    *,
    dataset: str,
    attack: str,
    extractor_name: str,
    seed: int,
    device: str = "cpu",
) -> pd.DataFrame:
    """Measure each user's error, the share of clean probes that the user's trainer takes for somebody else.

    A classifier is tuned for every attacking user, on everybody else's clean gallery faces and the user's posted ones.
    Without attack one classifier serves all.

    Args:
        extractor: where tuning starts.
        gallery: clean gallery faces of everybody.
        probes: clean probes of at least `users`.
        posted: perturbed gallery faces of at least `users`, pictures as in `gallery`; None without attack.
        public: further faces to learn from, clean and perturbed ones of public identities ("robust training"), of
            people in the gallery or of others; None without defense.
        users: whose error is measured.
        schedule: of the tuning.
        dataset: the dataset's name, for the table.
        attack: the attack's name, for the table; "none" without `posted`.
        extractor_name: the extractor's name, for the table.
        seed: of the experiment.
        device: where to compute.

    Returns one row per user, in the order of `users`, with the columns `uncloak.recognition.evaluation.COLUMNS`,
    metric "softmax", `error` in [0,1].

    Raises InputError where `attack` and `posted` contradict each other, a user is public or lacks gallery faces,
    posted ones or probes, or tuning fails.
    """
    if (posted is None) != (attack == NO_ATTACK[0]):
        raise InputError(f"attack '{attack}': posted faces go with every attack but 'none', which has no others")
    defense = "none" if public is None else "robust training"
    learned = gallery if public is None else join(gallery, public)
    for user in users:
        if public is not None and user in public.identities:
            raise InputError(f"user '{user}' is among the public identities; choose others for robust training")
        for faces, what in ((gallery, "gallery pictures"), (probes, "probes")):
            if user not in faces.identities:
                raise InputError(f"user '{user}' has no {what}; take identities with more pictures as users")

    # Users change only their own faces: everybody's are embedded once.
    everybody = views.at_hand(learned.faces)
    embeddings, places = embed(extractor, everybody, device), np.arange(len(everybody))
    model = None
    if posted is None:
        name = f"{defense}, {attack}"
        model = tune(extractor, everybody, learned.identities, embeddings, schedule, seed, name, device)
    records = []
    for user in users:
        if posted is not None:
            rows = np.flatnonzero(gallery.identities == user)
            own, changed, place = _posted_faces(posted, gallery.pictures[rows], user), embeddings.copy(), places.copy()
            changed[rows], place[rows] = embed(extractor, own, device), len(places) + np.arange(len(rows))
            faces = views.picked(views.joined([everybody, own]), place)
            name = f"{defense}, {attack}, {user}"
            model = tune(extractor, faces, learned.identities, changed, schedule, seed, name, device)
        own = probes.where(probes.identities == user)
        lost = model.predict(own.faces) != user
        setting = dataset, attack, NO_ATTACK[1], extractor_name, CLASSIFIER, defense, "softmax"
        records.append((*setting, user, 0, 1, len(lost), float(lost.mean()), seed))
    return pd.DataFrame(records, columns=list(COLUMNS))


def public_pairs(clean: Faces, perturbed: Faces, in_gallery: bool) -> Faces:
    """Return the faces that robust training adds.

    Args:
        clean: of public identities, called "public/NAME" (`uncloak.defenses.robust_training.read_public`).
        perturbed: made from pictures of `clean`.
        in_gallery: whether these people are in the gallery, where their clean faces are already: then the perturbed
            ones are added to their classes; otherwise they are classes of their own.
    """
    if not in_gallery:
        return join(clean, perturbed)
    names = np.array([name.removeprefix("public/") for name in perturbed.identities], dtype=str)
    return Faces(perturbed.faces, perturbed.pictures, names)


def _posted_faces(posted: Faces, pictures: np.ndarray, user: str) -> np.ndarray:
    """Return the faces uint8 [R,S,S,3] that `user` posted in place of these `pictures` (text [R])."""
    found = pd.Index(posted.pictures).get_indexer(pictures)
    if (found < 0).any():
        raise InputError(f"user '{user}': picture '{pictures[found < 0][0]}' was not posted; perturb it first")
    return posted.faces[found]
