"""A program of its own, in any language: it gets a folder of PNG files and writes an array of embeddings."""

import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import AfterValidator

from uncloak.errors import InputError
from uncloak.records.base import Positive, fault

BATCH = 512  # a program may take long to start
_SAID = 300


def _runnable(command: str) -> str:
    """Return the command as it is; raise pydantic's error where it cannot be one."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise fault(f"cannot be split into words ({error}); close the quotes") from None
    absent = [place for place in ("<pictures>", "<embeddings>") if place not in command]
    if not words or absent:
        raise fault(f"has no {absent[0]}; say where the command takes the pictures and writes the embeddings")
    return command


def build(
    command: Annotated[str, AfterValidator(_runnable)], seconds: Positive = 3600.0
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that runs the command once for face crops uint8 [N,H,W,3], RGB -> [N,D].

    Args:
        command: words as in a shell, but no shell runs them. `<pictures>` becomes a folder of PNG files, whose names
            are numbers; `<embeddings>` the .npy file to write, a row for each picture in the order of their names.
        seconds: in which it must be done with 512 pictures; else it is stopped.

    The function raises InputError where the command cannot be started, fails, takes too long or writes no array.
    """
    words = shlex.split(command)

    def embed(faces: np.ndarray) -> np.ndarray:
        with TemporaryDirectory(prefix="uncloak-") as folder:
            pictures, written = Path(folder, "pictures"), Path(folder, "embeddings.npy")
            pictures.mkdir()
            for number, face in enumerate(faces):
                Image.fromarray(face).save(pictures / f"{number:06d}.png")
            places = {"<pictures>": str(pictures), "<embeddings>": str(written)}
            _run([_filled(word, places) for word in words], seconds, Path(folder, "stderr"))
            try:
                return np.load(written, allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                reason = "nothing" if not written.exists() else f"no .npy file ({error})"
                raise InputError(f"black box command: {words[0]} wrote {reason} to <embeddings>; correct it") from None

    return embed


def _filled(word: str, places: dict[str, str]) -> str:
    for name, path in places.items():
        word = word.replace(name, path)
    return word


def _run(words: list[str], seconds: float, said: Path) -> None:
    """Run a command to its end, or stop it with all that it has started."""
    with open(said, "wb") as stderr:
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": stderr}
        try:
            process = subprocess.Popen(words, **silent, start_new_session=True)
        except (OSError, ValueError) as error:
            raise InputError(
                f"black box command: cannot start {words[0]} ({getattr(error, 'strerror', error)}); install it, or"
                " correct box.command"
            ) from None
        try:
            status = process.wait(seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise InputError(
                    f"black box command: {words[0]} took more than {seconds:g} seconds; raise box.seconds"
                    f"{_end_of(said)}"
                ) from None
            raise
    if status:
        how = f"ended with status {status}" if status > 0 else f"was killed by signal {-status}"
        raise InputError(f"black box command: {words[0]} {how}; run it by hand on a folder of pictures{_end_of(said)}")


def _end_of(said: Path) -> str:
    """Return the last words of a file, in one line."""
    with open(said, "rb") as file:
        file.seek(max(0, said.stat().st_size - 4 * _SAID))
        text = " ".join(file.read().decode(errors="replace").split())
    return f" (it said: {'...' if len(text) > _SAID else ''}{text[-_SAID:]})" if text else ""
