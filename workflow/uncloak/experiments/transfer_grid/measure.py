"""Recognition where all users of a cloak post at once, beside one at a time (LowKey, sections 4, 6.1, 6.4 and 6.5)."""

from collections.abc import Iterator, Mapping, Sequence

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
from uncloak.seeds import generator

RANKS = (1, 50)
ONE, ALL = POSTERS = ("one", "all")
# All that there is of everybody.
WHOLE = "whole"
CLASSIFIER = "nearest neighbor"
MEASURED = (*COLUMNS, "among", "posters", "gallery")


def measure(given: Given) -> pd.DataFrame:
    """Return each user's error by extractor, defense, attack, channel, gallery and who posts; see `grid_errors`."""
    files = {name: iter(paths) for name, paths in given.files.items()}
    split = read_split(next(files["split"]))
    if not given.options.distractors:
        split = split[split["role"] != DISTRACTOR]
    tables = []
    for each in given.told["recognizers"]:
        gallery, probing = (read_embeddings(next(files[name])) for name in ("gallery", "probes"))
        posted = {tuple(posting): read_embeddings(next(files["posted"])) for posting in each["postings"]}
        names = {"dataset": given.dataset, "seed": given.seed, **{key: each[key] for key in ("extractor", "defense")}}
        sizes = given.options.gallery if each["defense"] == "none" else None
        numbers = {"sizes": sizes or (), "choices": given.options.choices}
        tables.append(grid_errors(gallery, posted, probing, split, given.told["metric"], **names, **numbers))
    return pd.concat(tables, ignore_index=True)


def grid_errors(
    gallery: Embeddings,
    posted: Mapping[tuple[str, str], Embeddings],
    probing: Embeddings,
    split: pd.DataFrame,
    metric: str,
    *,
    dataset: str,
    extractor: str,
    seed: int,
    defense: str = "none",
    sizes: Sequence[int] = (),
    choices: int = 1,
) -> pd.DataFrame:
    """Measure each user's error where one user, or all of them, post the pictures of an attack.

    Args:
        gallery: embeddings of all clean faces, as the trainer treats them.
        posted: (attack, channel) -> embeddings of at least every user's gallery faces as posted; ("none", channel)
            stands for the clean ones after that channel.
        probing: embeddings of the clean probes.
        split: columns picture, identity, part and role (`uncloak.recognition.comparing.compare`).
        metric: "euclidean" or "cosine".
        dataset, extractor, seed, defense: for the table; seed also draws the choices.
        sizes: numbers of pictures that everybody, user or not, has in the gallery at most, besides the whole gallery;
            of plain PNG alone.
        choices: random choices of these pictures (`choose`), whose errors are averaged.

    Returns one row per (gallery, attack, channel, posters, among, rank, user) with the columns of
    `uncloak.recognition.evaluation.evaluate`, `among` as in `uncloak.experiments.ranks.measure.rank_errors`, `posters`:
    with "one", everybody else's gallery faces are clean; with "all", every user's are the attack's; and `gallery`: one
    of `sizes`, as text, or `WHOLE`. Ranks are `RANKS`. Without attack and channel one and all are the same.

    Raises InputError for a faulty split, missing pictures, different dimensions, or, with "cosine", embeddings that
    are zero.
    """
    if metric == "cosine":
        for embeddings in (gallery, probing, *posted.values()):
            embeddings.check_directions()
    faces, probes = gallery_and_probes(split)
    probes = in_role(probes, USER)
    asked = {user: probing.rows(own["picture"]) for user, own in probes.groupby("identity")}
    plain = {posting: embeddings for posting, embeddings in posted.items() if posting[1] == NO_ATTACK[1]}
    galleries = {WHOLE: [_errors(faces, gallery, posted, asked, metric)]}
    for size in sizes:
        chosen = (choose(faces, size, choice, seed) for choice in range(choices))
        galleries[str(size)] = [_errors(each, gallery, plain, asked, metric) for each in chosen]
    records = [
        (
            *(dataset, *posting, extractor, CLASSIFIER, defense, metric, user, 0, rank, len(asked[user])),
            *(float(np.mean([errors[key] for errors in found])), seed, among, posters, name),
        )
        for name, found in galleries.items()
        for key in found[0]
        for posting, user, posters, among, rank in [key]
    ]
    table = pd.DataFrame(records, columns=list(MEASURED))
    return table.sort_values(
        ["posters", "among", "rank"], kind="stable", ascending=[False, True, True], ignore_index=True
    )


def choose(faces: pd.DataFrame, size: int, choice: int, seed: int) -> pd.DataFrame:
    """Return the rows of at most so many pictures of each identity, drawn from its own stream, in the order of `faces`.

    Of one choice a smaller size takes some of the pictures that a larger one takes.
    """
    kept = [
        np.sort(generator(seed, "gallery", identity, str(choice)).permutation(own)[:size])
        for identity, own in faces.reset_index(drop=True).groupby("identity").groups.items()
    ]
    return faces.iloc[np.sort(np.concatenate(kept))]


# A user's error by (posting, user, posters, among, rank).
_Errors = dict[tuple[tuple[str, str], str, str, str, int], float]


def _errors(
    faces: pd.DataFrame,
    gallery: Embeddings,
    posted: Mapping[tuple[str, str], Embeddings],
    asked: Mapping[str, np.ndarray],
    metric: str,
) -> _Errors:
    """Measure the errors of the users' probes `asked` among these gallery faces, which they or one of them posted."""
    owners, users = faces["identity"].to_numpy(str), (faces["role"] == USER).to_numpy()
    clean = gallery.rows(faces["picture"])
    everyone = Gallery(clean, owners, metric)
    rivals = {user: _rivals(everyone, probes, user) for user, probes in asked.items()}
    errors = {}
    for posting in (NO_ATTACK, *posted):
        scraped, theirs = clean, rivals
        if posting in posted:
            scraped = clean.copy()
            scraped[users] = posted[posting].rows(faces["picture"][users])
            moved = Gallery(scraped, owners, metric)
            theirs = {user: _rivals(moved, probes, user) for user, probes in asked.items()}
        for user, probes in asked.items():
            own = squared_distances(points(probes, metric), points(scraped[owners == user], metric))
            code = np.searchsorted(everyone.identities, user)
            for posters, found in zip(POSTERS, (rivals[user], theirs[user]), strict=True):
                for among, rank, error in _lost(found, own.min(axis=1), code, everyone.owners):
                    errors[posting, user, posters, among, rank] = error
    return errors


def _rivals(everyone: Gallery, probes: np.ndarray, user: str) -> Rivals:
    return everyone.rivals(probes, int(np.searchsorted(everyone.identities, user)), NEAREST)


def _lost(found: Rivals, own_squared: np.ndarray, own: int, owners: np.ndarray) -> Iterator[tuple[str, int, float]]:
    """Yield among what, rank, and the share of probes at `own_squared` from the identity `own` that are not found."""
    pictures = found.face_squared, np.where(found.face < 0, -1, owners[found.face])
    for among, (squared, rival) in zip(AMONG, ((found.squared, found.identity), pictures), strict=True):
        before = rivals_before(squared, rival, own_squared, np.full(len(own_squared), own))
        for rank in RANKS:
            yield among, rank, float(np.mean(before >= rank))
