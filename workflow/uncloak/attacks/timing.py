"""What an attack costs: the seconds of one picture at a time, as LowKey's authors measured them (2021, section 6.3)."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from uncloak.attacks import perturb, photographs
from uncloak.errors import InputError
from uncloak.pictures.names import identities_of
from uncloak.pictures.photographs import Photographs
from uncloak.pictures.reading import load_picture
from uncloak.records.attacks import Method

Result = TypeVar("Result")


def in_turn(pictures: np.ndarray, count: int) -> np.ndarray:
    """Return the ids, str [count], of pictures of as many users as there are: one of each, then another of each.

    pictures: ids str [N] of the users' pictures; users and pictures are taken in the order of their names.

    Raises InputError where these are pictures of fewer than two users, over whom there is no interval, or fewer than
    `count` pictures.
    """
    table = pd.DataFrame({"picture": np.sort(pictures)})
    table["user"] = identities_of(table["picture"])
    users = table["user"].nunique()
    if users < 2:
        raise InputError(f"cost: times are a mean over two users at least, and there is {users}; give the split more")
    if len(table) < count:
        raise InputError(f"cost: {count} pictures are to be timed, and the users have {len(table)}; lower `pictures`")
    turns = table.groupby("user").cumcount().to_numpy()
    return table["picture"].to_numpy(str)[np.argsort(turns, kind="stable")[:count]]


def time_faces(
    record: Method,
    faces: np.ndarray,
    pictures: Sequence[str],
    surrogates: Sequence,
    seed: int,
    *,
    targets: np.ndarray | None = None,
    **how: Any,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Perturb faces one at a time; the arguments are those of `perturb.perturb_record`, on one CPU core or on a GPU.

    Returns a row per picture (`one_at_a_time`), and the faces uint8 [N,S,S,3] as they are posted.

    Raises InputError as `perturb.perturb_record` does.
    """
    record, side = _alone(record), record.preparation.size if record.preparation else faces.shape[1]

    def cloak(rows: slice) -> np.ndarray:
        aims = None if targets is None else targets[rows]
        return perturb.perturb_record(record, faces[rows], pictures[rows], surrogates, seed, targets=aims, **how).faces

    times, posted = one_at_a_time(cloak, pictures)
    return times.assign(pixels=side**2, steps=_steps(record, **how)), np.concatenate(posted)


def time_photographs(
    record: Method,
    shown: Photographs,
    folder: str | os.PathLike,
    surrogates: Sequence,
    seed: int,
    *,
    targets: np.ndarray | None = None,
    **how: Any,
) -> pd.DataFrame:
    """Perturb photographs one at a time, from file to file; the arguments are those of `photographs.perturb_record`.

    Returns a row per picture (`one_at_a_time`).

    Raises InputError as `photographs.perturb_record` does.
    """
    record = _alone(record)

    def cloak(rows: slice) -> None:
        own = shown._replace(**{name: getattr(shown, name)[rows] for name in ("pictures", "files", "landmarks")})
        aims = None if targets is None else targets[rows]
        photographs.perturb_record(record, own, folder, surrogates, seed, targets=aims, **how)

    pixels = [load_picture(file)[..., 0].size for file in shown.files]
    times, _ = one_at_a_time(cloak, shown.pictures)
    return times.assign(pixels=pixels, steps=_steps(record, **how))


def _alone(record: Method) -> Method:
    """The record with every picture a batch of its own, for one that is not full is filled up with copies.

    Surrogates are not compiled: that takes minutes, which no single picture brings back.
    """
    return record.model_copy(update={"batch": 1, "compile": False})


def _steps(record: Method, alexnet: str | os.PathLike | None = None, **_: Any) -> int | None:
    """What the method calls its steps, in force; None where it has none."""
    return perturb.settings_of(record, alexnet).get("steps")


def one_at_a_time(cloak: Callable[[slice], Result], pictures: Sequence[str]) -> tuple[pd.DataFrame, list[Result]]:
    """Perturb the first picture, which does not count, for memory is taken then; and then all, one at a time.

    Args:
        cloak: perturbs these rows of the pictures, and comes back when it is done, on a GPU, too.
        pictures: ids of the N pictures.

    Returns a table with a row per picture: picture, seconds (on the clock) and cpu_seconds (of all threads of this
    process, user and system); and the N results.
    """
    cloak(slice(0, 1))
    rows, results = [], []
    for row, picture in enumerate(pictures):
        clock, cpu = time.perf_counter(), time.process_time()
        results.append(cloak(slice(row, row + 1)))
        seconds, cpu_seconds = time.perf_counter() - clock, time.process_time() - cpu
        rows.append({"picture": picture, "seconds": seconds, "cpu_seconds": cpu_seconds})
    return pd.DataFrame(rows), results
