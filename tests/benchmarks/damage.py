"""Damage results of a finished run in many ways, make what follows from them again, and count what is noticed.

    python tests/benchmarks/damage.py WORLD CONFIGFILE [COUNT]

WORLD is a checkout in which a run has finished. Each damage is done in a copy. A result that something follows from is
damaged, and one of the results that follow is forced; any other is for `uncloak check`. Named means: the run fails, and
one line names the damaged file. Unread means: it succeeds with the bytes that it had, for the job does not read what is
damaged of the file, and `uncloak check` names it. Silent is all else that succeeds.
"""

import base64
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from uncloak.seals import sealed_below

CHECK = [sys.executable, "-m", "uncloak", "check"]
WAYS: dict[str, Callable[[bytearray], bytes]] = {
    "one bit in the middle": lambda content: _flipped(content, len(content) // 2),
    "one bit near the end": lambda content: _flipped(content, len(content) - 2),
    "one bit at the start": lambda content: _flipped(content, 0),
    "cut in half": lambda content: content[: len(content) // 2],
    "the last byte gone": lambda content: content[:-1],
    "emptied": lambda content: b"",
    "a hole of zeros": lambda content: content[: len(content) // 3] + bytes(64) + content[len(content) // 3 + 64 :],
    "bytes behind it": lambda content: content + b"0.5,\n",
    "one digit": lambda content: _digit(content),
}


def _flipped(content: bytearray, place: int) -> bytes:
    content[place] ^= 4
    return content


def _digit(content: bytearray) -> bytes:
    """Another digit in the place of the last one, which is a number still."""
    digits = [place for place, byte in enumerate(content) if chr(byte).isdigit()]
    content[digits[-1]] = ord("7") if content[digits[-1]] != ord("7") else ord("2")
    return content


def followers(world: Path) -> dict[str, list[str]]:
    """Return, by result, the results that were made from it, as Snakemake has written down."""
    found: dict[str, list[str]] = {}
    for path in (world / ".snakemake" / "metadata").rglob("*"):
        if path.is_file():
            output = base64.b64decode(path.name).decode()
            for source in json.loads(path.read_text()).get("input") or []:
                found.setdefault(source, []).append(output)
    return found


def files_of(world: Path) -> Iterator[tuple[str, str]]:
    """Yield each sealed result and a file of it: itself, or one in the folder."""
    for path in sealed_below(world / "results"):
        name = str(path.relative_to(world))
        if path.is_dir():
            file = min(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
            yield name, str(file.relative_to(world))
        elif path.exists():
            yield name, name


def copied(world: Path, place: Path) -> None:
    shutil.copytree(world / "results", place / "results", copy_function=os.link)
    shutil.copytree(world / ".snakemake" / "metadata", place / ".snakemake" / "metadata")


def damaged(path: Path, way: Callable[[bytearray], bytes]) -> None:
    """Damage a file as a disk does: its time stamp stays."""
    before, content = path.stat(), bytes(way(bytearray(path.read_bytes())))
    path.unlink()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def ran(world: Path, place: Path, command: list[str]) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(world / "workflow")}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)


def tried(world: Path, config: Path, result: str, file: str, way: str, target: str | None) -> tuple[str, str]:
    """Return what came of a damage, and the line that told it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        copied(world, place)
        damaged(place / file, WAYS[way])
        if target is None:
            command = CHECK
        else:
            command = [sys.executable, "-m", "snakemake", target, "--force", "--cores", "1", "-d", folder]
            command += ["--snakefile", str(world / "Snakefile"), "--configfile", str(config)]
        done = ran(world, place, command)
        if target and done.returncode == 0 and (place / target).read_bytes() == (world / target).read_bytes():
            checked = ran(world, place, CHECK)
            return ("unread", file) if checked.returncode and file in checked.stdout else ("SILENT", "")
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    named = [line for line in lines if file in line and ("damaged" in line or "delete" in line)]
    if done.returncode == 0:
        return "SILENT", ""
    if "Traceback" in done.stdout + done.stderr:
        return "FRAMES", lines[-1]
    return ("named", named[0]) if named else ("NOT NAMED", next((line for line in lines if "error" in line), lines[-1]))


def main() -> None:
    world, config, count = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), int((*sys.argv, 36)[3])
    following, outcomes = followers(world), Counter()
    files = list(files_of(world))
    choice = random.Random(0)
    choice.shuffle(files)
    # Of each kind of file in turn, so that rare kinds are among them.
    files.sort(key=lambda each: Path(each[1]).suffix)
    kinds = sorted({Path(file).suffix for _, file in files})
    by_kind = {kind: [each for each in files if Path(each[1]).suffix == kind] for kind in kinds}
    for number in range(count):
        kind = kinds[number % len(kinds)]
        result, file = by_kind[kind][number // len(kinds) % len(by_kind[kind])]
        way = list(WAYS)[(number % len(kinds) + 2 * (number // len(kinds))) % len(WAYS)]
        targets = sorted(following.get(result, []))
        target = choice.choice(targets) if targets else None
        outcome, line = tried(world, config, result, file, way, target)
        outcomes[outcome] += 1
        print(f"{outcome:9} {file}: {way} -> {target or 'uncloak check'}\n          {line}", flush=True)
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())))


if __name__ == "__main__":
    main()
