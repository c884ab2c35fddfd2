"""Recognition where all users of a cloak post at once, beside one at a time (LowKey, sections 4 and 6.1)."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.ranks.measure import AMONG, rivals_before
from uncloak.pictures.split import DISTRACTOR, USER, in_role, read_split
from uncloak.recognition.comparisons import NEAREST, NO_ATTACK
from uncloak.recognition.distances import points, squared_distances
from uncloak.recognition.embeddings import Embeddings, read_embeddings
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.nearest import Gallery, Rivals
from uncloak.recognition.parts import gallery_and_probes

RANKS = (1, 50)
ONE, ALL = POSTERS = ("one", "all")
CLASSIFIER = "nearest neighbor"
MEASURED = (*COLUMNS, "among", "posters")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack and who posts; see `grid_errors`."""
    files = {name: iter(paths) for name, paths in given.files.items()}
    split = read_split(next(files["split"]))
    if not given.options.distractors:
        split = split[split["role"] != DISTRACTOR]
    tables = []
    for each in given.told["recognizers"]:
        gallery, probing = (read_embeddings(next(files[name])) for name in ("gallery", "probes"))
        posted = {attack: read_embeddings(next(files["posted"])) for attack in each["attacks"]}
        names = {"dataset": given.dataset, "seed": given.seed, **{key: each[key] for key in ("extractor", "defense")}}
        tables.append(grid_errors(gallery, posted, probing, split, given.told["metric"], **names))
    return pd.concat(tables, ignore_index=True)


def grid_errors(
    gallery: Embeddings,
    posted: Mapping[str, Embeddings],
    probing: Embeddings,
    split: pd.DataFrame,
    metric: str,
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
) -> pd.DataFrame:
    """Measure each user's error where one user, or all of them, post the pictures of an attack.

    Args:
        gallery: embeddings of all clean faces, as the trainer treats them.
        posted: attack -> embeddings of at least every user's perturbed gallery faces.
        probing: embeddings of the clean probes.
        split: columns picture, identity, part and role (`uncloak.recognition.comparing.compare`).
        metric: "euclidean" or "cosine".
        dataset, extractor, seed, defense: for the table; nothing is random here.

    Returns one row per (attack, posters, among, rank, user), first of attack "none", with the columns of
    `uncloak.recognition.evaluation.evaluate`, `among` as in `uncloak.experiments.ranks.measure.rank_errors`, and
    `posters`: with "one", everybody else's gallery faces are clean; with "all", every user's are the attack's. Ranks
    are `RANKS`. Without attack both are the same.

    Raises InputError for a faulty split, missing pictures, different dimensions, or, with "cosine", embeddings that
    are zero.
    """
    if metric == "cosine":
        for embeddings in (gallery, probing, *posted.values()):
            embeddings.check_directions()
    faces, probes = gallery_and_probes(split)
    probes = in_role(probes, USER)
    owners, askers = faces["identity"].to_numpy(str), probes["identity"].to_numpy(str)
    users = (faces["role"] == USER).to_numpy()
    clean, asked = gallery.rows(faces["picture"]), probing.rows(probes["picture"])
    everyone = Gallery(clean, owners, metric)
    rivals = {user: _rivals(everyone, asked[askers == user], user) for user in sorted(set(askers))}
    records = []
    for attack in (NO_ATTACK[0], *posted):
        scraped, theirs = clean, rivals
        if attack in posted:
            scraped = clean.copy()
            scraped[users] = posted[attack].rows(faces["picture"][users])
            everyone = Gallery(scraped, owners, metric)
            theirs = {user: _rivals(everyone, asked[askers == user], user) for user in rivals}
        for user in rivals:
            own = squared_distances(points(asked[askers == user], metric), points(scraped[owners == user], metric))
            code = np.searchsorted(everyone.identities, user)
            for posters, found in zip(POSTERS, (rivals[user], theirs[user]), strict=True):
                for among, rank, error in _errors(found, own.min(axis=1), code, everyone.owners):
                    setting = dataset, *(attack, NO_ATTACK[1]), extractor, CLASSIFIER, defense, metric, user
                    records.append((*setting, 0, rank, len(own), error, seed, among, posters))
    table = pd.DataFrame(records, columns=[*COLUMNS, "among", "posters"])
    return table.sort_values(
        ["posters", "among", "rank"], kind="stable", ascending=[False, True, True], ignore_index=True
    )


def _rivals(everyone: Gallery, probes: np.ndarray, user: str) -> Rivals:
    return everyone.rivals(probes, int(np.searchsorted(everyone.identities, user)), NEAREST)


def _errors(found: Rivals, own_squared: np.ndarray, own: int, owners: np.ndarray) -> Iterator[tuple[str, int, float]]:
    """Yield among what, rank, and the share of probes at `own_squared` from the identity `own` that are not found."""
    pictures = found.face_squared, np.where(found.face < 0, -1, owners[found.face])
    for among, (squared, rival) in zip(AMONG, ((found.squared, found.identity), pictures), strict=True):
        before = rivals_before(squared, rival, own_squared, np.full(len(own_squared), own))
        for rank in RANKS:
            yield among, rank, float(np.mean(before >= rank))
