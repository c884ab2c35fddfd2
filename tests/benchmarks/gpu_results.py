"""What `gpu_attack.py` prints and writes."""

import json
from pathlib import Path

from gpu_settings import STEPS


def write(results: dict, path: Path | None) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def show(rows: list[dict]) -> None:
    """Print a table for each kind of row, and the goal."""
    for what in dict.fromkeys(row.get("what", "left out") for row in rows):
        chosen = [{k: v for k, v in row.items() if k != "what"} for row in rows if row.get("what", "left out") == what]
        columns = list(dict.fromkeys(key for row in chosen for key in row if key not in ("part", "at")))
        cells = [columns, *([_text(row.get(column, "")) for column in columns] for row in chosen)]
        widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
        print(f"\n{what}")
        for line in cells:
            print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    ours = [row for row in rows if row.get("what") == "attack" and row["attack"] == "lowkey" and "pictures/s" in row]
    if ours:
        best = max(ours, key=lambda row: row["pictures/s"])
        print(
            f"\nLowKey in {best['mode']}, batch {best['batch']}: {best['pictures/s']:.2f} pictures per second,"
            f" extrapolated to {STEPS['lowkey']} steps,"
            f"\n{best['over bare']:.2f} times the bare passes; the goal is 15, at most 1.25 times"
        )


def brief(row: dict) -> str:
    return ", ".join(f"{key} {_text(value)}" for key, value in row.items() if key not in ("part", "what"))


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
