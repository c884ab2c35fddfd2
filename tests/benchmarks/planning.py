"""CPU seconds and memory of planning: the default, 20 extractors by 10 attacks by 50 shards, and one extractor more."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]


def more(extractors: int, attacks: int, shards: int) -> dict:
    """Return an overlay with so many extractors and attacks: those of the default, and copies of one of each."""
    run = yaml.safe_load((REPOSITORY / "config.yaml").read_text())["run"]
    records = {
        kind: yaml.safe_load((REPOSITORY / f"resources/records/{kind}.yaml").read_text())[kind]
        for kind in ("extractors", "attacks")
    }
    overlay = {"run": {}, "shards": shards}
    for kind, count, like in (("extractors", extractors, "arcface"), ("attacks", attacks, "fawkes_v10")):
        copies = {f"copy_{number}": records[kind][like] for number in range(count - len(run[kind]))}
        overlay[kind] = copies
        overlay["run"][kind] = [*run[kind], *copies]
    return overlay


def plan(folder: Path, overlay: dict | None, *options: str) -> dict[str, object]:
    """Return the jobs that a dry run in `folder` lists, in all and by rule, its CPU seconds and its peak MB."""
    command = [sys.executable, "-m", "snakemake", "-s", REPOSITORY / "Snakefile", "--directory", folder, "-n", *options]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(overlay or {}, file)
        file.flush()
        command += ["--cores", "2", "--configfile", file.name]
        process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"the dry run failed; run it by hand: {' '.join(map(str, command))}")
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", said.partition("Job stats:")[2].partition("total")[0], re.MULTILINE))
    total = sum(map(int, jobs.values()))
    return {
        "jobs": total,
        "CPU s": round(used.ru_utime + used.ru_stime, 1),
        "MB": used.ru_maxrss // 1024,
        "by rule": jobs,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--finished", type=Path, help="folder of a finished default run, to which an extractor is added"
    )
    finished = parser.parse_args().finished
    with tempfile.TemporaryDirectory() as empty:
        for name, overlay in (("default", None), ("20 x 10 x 50", more(20, 10, 50))):
            print(name, {**plan(Path(empty), overlay), "by rule": None})
    if finished:
        print("finished", plan(finished, None, "--rerun-triggers", "mtime", "input"))
        extractors = len(yaml.safe_load((REPOSITORY / "config.yaml").read_text())["run"]["extractors"])
        print("one more", plan(finished, more(extractors + 1, 0, 1), "--rerun-triggers", "mtime", "input"))


if __name__ == "__main__":
    main()
