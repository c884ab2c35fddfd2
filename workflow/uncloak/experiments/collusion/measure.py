"""Users who collude against a confidence threshold, and the detector that helps the trainer (ICLR 2022, Appendix D).

In a ring of users each one's pictures are made to look like another's, so that the other's clean probes are taken, with
confidence, for the one who posted. All users post such pictures at once; only other people's faces are clean.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from uncloak.defenses.confidence_threshold import confidence_threshold
from uncloak.errors import InputError
from uncloak.experiments.given import Given
from uncloak.pictures.split import USER, in_role, read_split
from uncloak.recognition.comparisons import NO_ATTACK, read_comparisons
from uncloak.recognition.embeddings import Embeddings, mix, read_embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.flags import CLEAN, SCORE_COLUMNS, Flags
from uncloak.recognition.nearest import Gallery
from uncloak.recognition.parts import gallery_and_probes
from uncloak.tables import read_table

CLASSIFIER = "nearest neighbor"
SHARES = ("taken_for_partner", "taken_for_other", "passed_on")
MEASURED = (*COLUMNS, *SHARES)


def measure(given: Given) -> pd.DataFrame:
    """Return what each user's clean probes are taken for; see `evaluate_collusion`."""
    told, files = given.told, given.files
    split = read_split(files["split"][0])
    posted = iter(files["posted"])
    compared = dict(zip(told["models"], files["comparisons"], strict=True))
    return evaluate_collusion(
        dict(zip(told["models"], map(read_embeddings, files["clean"]), strict=True)),
        {model: {attack: read_embeddings(next(posted)) for attack in told["attacks"]} for model in told["models"]},
        split,
        read_partners(read_table(files["targets"][0], "picture", "target"), split),
        {system["defense"]: system for system in told["systems"]},
        {
            system["defense"]: confidence_threshold(read_comparisons(compared[system["accurate"]]), system["share"])
            for system in told["systems"]
        },
        Flags([read_table(path, *SCORE_COLUMNS) for path in files["scores"]], told["threshold"]),
        detector=given.options.detector,
        dataset=given.dataset,
        seed=given.seed,
        metric=told["metric"],
    )


def average(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is: what is shown of it are shares of a kind of their own."""
    return table


def evaluate_collusion(
    clean: Mapping[str, Embeddings],
    posted: Mapping[str, Mapping[str, Embeddings]],
    split: pd.DataFrame,
    partners: Mapping[str, str],
    systems: Mapping[str, Mapping[str, str]],
    thresholds: Mapping[str, float],
    flags: Flags,
    *,
    detector: str,
    dataset: str,
    seed: int,
    metric: str = "euclidean",
) -> pd.DataFrame:
    """Measure what each user's clean probes are taken for when all users post an attack's faces at once.

    Each extractor answers alone ("nearest neighbor"), and each system by its confidence: where the accurate extractor's
    nearest gallery face is too far away, the robust one answers; with the detector also where that face is flagged.
    Where two defenses work together their names are joined by "+".

    Args:
        clean: extractor -> embeddings of all clean faces.
        posted: extractor -> attack -> embeddings of all the users' gallery faces as posted; the same attacks for all.
        split: columns picture, identity, part and role (`uncloak.recognition.evaluation.evaluate`).
        partners: user -> the user whose pictures are aimed at this one (`read_partners`).
        systems: defense -> the extractors called "accurate" and "robust".
        thresholds: defense -> the squared distance above which the accurate extractor is not confident
            (`uncloak.defenses.confidence_threshold.confidence_threshold`).
        flags: of the clean gallery faces and of those posted.
        detector: the name of the defense that flags faces, for the table.
        dataset: the dataset's name, for the table.
        seed: the experiment's seed, for the table; nothing is random here.
        metric: "euclidean" or "cosine".

    Returns one row per (attack, extractor, defense, user), first without attack, with the columns `COLUMNS`
    (`error`: the share of the user's probes not recognized as the user) and `SHARES`, of the user's probes, in [0,1]:
    those taken for the partner, those taken for anybody else, and those that the robust extractor answered.

    Raises InputError where a user has no partner, a picture has no embedding or no flag, or the split is faulty.
    """
    if metric == "cosine":
        for embeddings in (*clean.values(), *(made for attacks in posted.values() for made in attacks.values())):
            embeddings.check_directions()
    gallery, probes = gallery_and_probes(split)
    probes = in_role(probes, USER)
    without = sorted(set(probes["identity"]) - set(partners))
    if without:
        raise InputError(f"collusion: user '{without[0]}' has no partner; choose the targets from the same split")
    is_user = (gallery["role"] == USER).to_numpy()
    pictures, owners = gallery["picture"].to_numpy(), gallery["identity"].to_numpy(str)
    records = []
    for attack in (NO_ATTACK[0], *sorted(set().union(*posted.values()))):
        postings = np.where(is_user & (attack != NO_ATTACK[0]), attack, CLEAN)
        answers = {}
        for extractor, embeddings in clean.items():
            faces = mix({CLEAN: embeddings, **posted[extractor]}, pictures, postings, attack)
            answers[extractor] = _nearest(embeddings.rows(probes["picture"]), faces.rows(pictures), owners, metric)
        flagged = flags.of(pictures, postings)
        for extractor, defense, rows, passed_on in _outcomes(answers, systems, thresholds, flagged, detector):
            for user, shares in _shares(probes["identity"].to_numpy(), owners[rows], passed_on, partners):
                records.append(
                    (
                        *(dataset, attack, NO_ATTACK[1], extractor, CLASSIFIER, defense, metric, user),
                        *(0, 1, *shares[:2], seed, *shares[2:]),
                    )
                )
    return pd.DataFrame(records, columns=list(MEASURED))


def read_partners(targets: pd.DataFrame, split: pd.DataFrame) -> dict[str, str]:
    """Return user -> the user whose pictures are aimed at this one, from columns picture and target.

    Raises InputError where a picture is not in the split, a user aims at several others, or several aim at one.
    """
    identity = dict(zip(split["picture"], split["identity"], strict=True))
    absent = [picture for column in ("picture", "target") for picture in targets[column] if picture not in identity]
    if absent:
        raise InputError(f"collusion: picture '{absent[0]}' of the targets is not in the split; choose them again")
    pairs = set(zip(targets["target"].map(identity), targets["picture"].map(identity), strict=True))
    partners = dict(sorted(pairs))
    if not len(pairs) == len(partners) == len(set(partners.values())):
        raise InputError("collusion: the targets pair no users one to one; choose partners as targets")
    return partners


def _nearest(probes: np.ndarray, faces: np.ndarray, owners: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the squared distance to each probe's nearest gallery face, float64 [P], and that face's row, int [P]."""
    found = Gallery(faces, owners, metric).rivals(probes, -1, 1)
    return found.face_squared[:, 0], found.face[:, 0]


def _outcomes(answers, systems, thresholds, flagged, detector):
    """Yield extractor, defense, the gallery row that answers each probe, and who was asked."""
    for extractor, (_, rows) in answers.items():
        yield extractor, "none", rows, np.zeros(len(rows), dtype=bool)
    for defense, models in systems.items():
        (squared, rows), (_, robust) = answers[models["accurate"]], answers[models["robust"]]
        unsure = squared > thresholds[defense]
        for name, passed_on in ((defense, unsure), (f"{defense}+{detector}", unsure | flagged[rows])):
            yield models["accurate"], name, np.where(passed_on, robust, rows), passed_on


def _shares(owners, found, passed_on, partners):
    """Yield each user with the number of probes, the error, and the `SHARES`."""
    for user in sorted(set(owners)):
        own = owners == user
        right, partner = found[own] == user, found[own] == partners[user]
        shares = (~right, partner, ~right & ~partner, passed_on[own])
        yield user, (np.count_nonzero(own), *(float(share.mean()) for share in shares))
