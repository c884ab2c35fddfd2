"""Where the time of a run went: Snakemake's benchmark files and the jobs' logs, summed up by rule."""

import os
import resource
import time
from pathlib import Path

import pandas as pd

from uncloak.errors import InputError
from uncloak.spending import cpu_seconds, told

_STARTED = time.time()
_NEEDED = ("s", "max_rss", "mean_load", "cpu_time")
_HEADINGS = {
    "rule": "rule",
    "jobs": "jobs",
    "seconds": "seconds",
    "longest": "longest",
    "cpu_seconds": "CPU s",
    "other_seconds": "start s",
    "max_rss_mb": "MB",
    "mean_load": "load %",
}


def summarize(folder: str | os.PathLike, logs: str | os.PathLike) -> pd.DataFrame:
    """Sum up benchmark files `folder/RULE/**/*.tsv` (or `folder/RULE.tsv`), one row per rule, the slowest rule first.

    Columns: `rule`; `jobs` (runs recorded); `seconds` and `longest` (wall clock, summed and of the longest job);
    `cpu_seconds`; `other_seconds` (those of them that are no numerical work: start, imports, charts); `max_rss_mb` (the
    largest job's resident memory, MB); `mean_load` (percent of one core, weighted by seconds). CPU seconds are what
    the jobs tell in their logs, `logs/RULE/**/*.log`; Snakemake looks every half minute, and misses what comes after
    its last look. Where a log tells nothing, its number stands. A job shorter than Snakemake's sampling has no memory
    and load ("NA" or "-"); a rule of only such jobs has NaN there.

    Raises InputError where there is no benchmark file, or one is not Snakemake's.
    """
    folder = Path(folder)
    tables = []
    for path in sorted(folder.rglob("*.tsv")):
        table = _read(path)
        place = path.relative_to(folder)
        table["rule"] = place.with_suffix("").parts[0]
        spent = told(Path(logs, place).with_suffix(".log"))
        table["other_seconds"] = spent[1] if spent else float("nan")
        if spent:
            table["cpu_time"] = spent[0]
        tables.append(table)
    if not tables:
        raise InputError(f"{folder}: no benchmark files; run the workflow first")
    runs = pd.concat(tables, ignore_index=True)
    # A mean over the jobs that were sampled, each by its length.
    runs["sampled"] = runs["s"].where(runs["mean_load"].notna())
    runs["load"] = runs["mean_load"] * runs["s"]
    groups = runs.groupby("rule")
    summary = pd.DataFrame(
        {
            "jobs": groups.size(),
            "seconds": groups["s"].sum(),
            "longest": groups["s"].max(),
            "cpu_seconds": groups["cpu_time"].sum(min_count=1),
            "other_seconds": groups["other_seconds"].sum(min_count=1),
            "max_rss_mb": groups["max_rss"].max(),
            "mean_load": groups["load"].sum(min_count=1) / groups["sampled"].sum(min_count=1),
        }
    )
    return summary.reset_index().sort_values(["seconds", "rule"], ascending=[False, True], ignore_index=True)


def as_text(summary: pd.DataFrame) -> str:
    """Write what `summarize` found as an aligned table, with a last line for all jobs together."""
    total = {
        "rule": "all jobs",
        "jobs": summary["jobs"].sum(),
        "seconds": summary["seconds"].sum(),
        "longest": summary["longest"].max(),
        "cpu_seconds": summary["cpu_seconds"].sum(min_count=1),
        "other_seconds": summary["other_seconds"].sum(min_count=1),
        "max_rss_mb": summary["max_rss_mb"].max(),
    }
    rows = [list(_HEADINGS.values())]
    for record in [*summary.to_dict("records"), total]:
        rows.append([_cell(name, record.get(name)) for name in _HEADINGS])
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:-1], rule, lines[-1]])


def report(folder: str | os.PathLike, logs: str | os.PathLike) -> str:
    """Return the table of times, and the share of numerical work in the run of this process, as text.

    `folder` holds benchmark files, `logs` logs. Where there is none of the former, there is nothing to tell; a damaged
    one is told of, for a run that has succeeded does not fail by it.
    """
    if not Path(folder).is_dir():
        return ""
    try:
        times = as_text(summarize(folder, logs))
    except InputError as error:
        times = f"Times are not told: {error}"
    return f"{times}\n{share(logs)}"


def share(logs: str | os.PathLike, since: float = _STARTED) -> str:
    """Tell how much of the CPU time of a run is no numerical work, in a line, from the process that ran its jobs.

    Counted are the jobs that wrote a log below `logs` after `since` (seconds since 1970; this process's start, or
    rather that of this module), this process itself, and what its children spent beyond what the logs tell, such as
    shells and the end of interpreters.
    """
    spent = [told(path) for path in Path(logs).rglob("*.log") if path.stat().st_mtime >= since]
    jobs, starts = map(sum, zip((0.0, 0.0), *filter(None, spent), strict=True))
    untold = max(0.0, cpu_seconds(resource.RUSAGE_CHILDREN) - jobs)
    own = cpu_seconds(resource.RUSAGE_SELF)
    total, other = jobs + untold + own, starts + untold + own
    return (
        f"{total:.0f} CPU seconds in this run, {other:.0f} of them ({other / total:.0%}) no numerical work: "
        f"{starts:.0f} in starts, imports and charts of jobs, {untold:.0f} in shells and ends of jobs, "
        f"{own:.0f} in Snakemake"
    )


def _read(path: Path) -> pd.DataFrame:
    """Read one benchmark file; each row is a run of the job."""
    try:
        table = pd.read_csv(path, sep="\t", na_values=["-", "NA"], usecols=list(_NEEDED))
        return table.astype(float)
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError(f"{path}: not a benchmark file of Snakemake; delete it ({error})") from None


def _cell(name: str, value: object) -> str:
    if name == "rule":
        return str(value)
    if pd.isna(value):
        return "-"
    if name in ("jobs", "max_rss_mb", "mean_load"):
        return f"{value:.0f}"
    return f"{value:.1f}"
