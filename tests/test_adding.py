"""What people add: a method or a network is a module, found by its name; with a record it is in tables and figures."""

import pandas as pd
import pytest
import yaml

pytestmark = pytest.mark.slow

METHOD = '''"""A cloak for this test: every picture is moved by a step away from grey."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        step: of 1.
    """

    step: float = 0.1


def attack(pictures, surrogates, options, seeds, *, targets=None, view=None, track=iter):
    """Return the perturbed pictures, float [N,3,H,W] in [0,1]."""
    for _ in track(range(1)):
        moved = pictures + options.step * (pictures - 0.5).sign()
    return moved.clamp(0, 1)
'''

NETWORK = '''"""A network for this test: the means of a grid."""

from torch import nn


def build(cells: int = 4) -> nn.Module:
    """Build the network: normalized faces [N,3,H,W] -> embeddings [N,8].

    Args:
        cells: along a side.
    """
    return nn.Sequential(nn.AdaptiveAvgPool2d(cells), nn.Flatten(), nn.Linear(3 * cells**2, 8))
'''

INPUT = {"size": [64, 64], "template": "arcface", "mean": [0.5] * 3, "std": [0.25] * 3, "color": "rgb"}
OVERLAY = {
    "run": {"extractors": ["pixels", "facenet", "clip", "grid"], "attacks": ["lowkey", "away"]},
    "attacks": {
        "away": {
            "label": "Away from grey",
            "released": "2026-01-01",
            "method": "away",
            "surrogates": ["grid"],
            "options": {"step": 0.2},
        }
    },
    "extractors": {
        "grid": {
            "label": "Grid of means",
            "released": "2026-01-02",
            "recipe": "train",
            "network": {"name": "grid", "cells": 2},
            "input": INPUT,
            "train": {"data": "background", "held_out": 4, "iterations": 3, "batch": 16, "loss": {"name": "softmax"}},
        }
    },
    "figures": {"away_by_extractor": {"title": "How long does it last?", "attacks": ["lowkey", "away"]}},
}


def test_an_attack_and_an_extractor_are_a_module_and_a_record_each(finished):
    library = finished.folder / "workflow" / "uncloak"
    method, network = library / "attacks/methods/away.py", library / "extractors/networks/grid.py"
    method.write_text(METHOD)
    network.write_text(NETWORK)
    (finished.folder / "mine.yaml").write_text(yaml.safe_dump(OVERLAY))

    def run(*arguments):
        process = finished.start(*arguments, configs=["tests/tiny.yaml", "mine.yaml"])
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stdout + stderr
        return stdout + stderr

    def stale():
        rows = [line.split("\t") for line in run("--summary").splitlines() if line.startswith("results/")]
        return {row[0] for row in rows if row[-1] != "no update"}

    before = stale()
    # What was there is left alone; nothing of the surrogates and attacks of before is made again.
    assert "results/synthetic/perturbed/away.h5" in before
    assert "results/extractors/grid.safetensors" in before
    assert not before & {"results/synthetic/perturbed/lowkey.h5", "results/extractors/facenet.safetensors"}
    run("--cores", "2")

    results = finished.folder / "results" / "synthetic"
    for table in ("tables/protection.csv", "figures/away_by_extractor.csv", "figures/lowkey_by_extractor.csv"):
        assert "Grid of means" in set(pd.read_csv(results / table)["extractor_label"]), table
    for table in ("tables/protection.csv", "figures/away_by_extractor.csv", "figures/visibility.csv"):
        assert "Away from grey" in set(pd.read_csv(results / table)["attack_label"]), table
    assert not stale()

    # An edit makes what descends from it stale, and nothing else.
    method.write_text(METHOD.replace("0.5).sign()", "0.4).sign()"))
    after = stale()
    assert "results/synthetic/perturbed/away.h5" in after
    assert not [path for path in after if "lowkey.h5" in path or "clean.h5" in path or "extractors/" in path]
    method.write_text(METHOD)
    network.write_text(NETWORK.replace("nn.Flatten()", "nn.Flatten(1)"))
    after = stale()
    assert "results/extractors/grid.safetensors" in after
    assert not [path for path in after if "embeddings/facenet/lowkey" in path or path.endswith("perturbed/lowkey.h5")]
