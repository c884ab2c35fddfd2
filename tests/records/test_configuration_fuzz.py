"""Configurations as people mistype them: each is refused in one line, or is planned."""

import copy
import random
import shutil
from pathlib import Path

import pytest
import yaml
from configurations import at, places, plan
from conftest import Checkout, copy_checkout
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uncloak.configuration import load, read
from uncloak.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
TINY = [ROOT / "tests/worlds" / name for name in ("tiny.yaml", "tiny_experiments.yaml")]
WORLDS = [load(ROOT), load(ROOT, TINY[0]), load(ROOT, *TINY)]


PLACES = [sorted(places(world), key=str) for world in WORLDS]
NAMES = sorted({str(key) for world in PLACES for place in world for key in place if isinstance(key, str)})
NUMBERS = st.one_of(st.integers(-3, 200), st.floats(), st.sampled_from([0.0, 1.0, 4.0, 2**31, 2**64, 10**400, 1e308]))
TEXTS = st.one_of(
    st.sampled_from(["", "a\n", "{x}", "</script>", "\ud800", "2021-02-30", "x" * 300]), st.text(max_size=8)
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.sampled_from(NAMES), st.dates(), st.binary(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), TEXTS, NUMBERS), inner, max_size=3),
    ),
    max_leaves=4,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict:
    """Draw one of the small worlds, changed in one to three places."""
    which = draw(st.integers(0, len(WORLDS) - 1))
    config = copy.deepcopy(WORLDS[which])
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(PLACES[which]))
        try:
            parent = at(config, path)
            value = parent[last]
        except (KeyError, IndexError, TypeError):  # an earlier change has taken it away
            continue
        if not isinstance(parent, dict | list):
            continue
        kinds = ["replace", "remove", "borrow"]
        kinds += ["nudge"] if isinstance(value, int | float) and abs(value) < 10**6 else []
        kinds += ["fewer"] if isinstance(value, list) else []
        kinds += ["rename"] if isinstance(parent, dict) else []
        kinds += ["add"] if isinstance(value, dict) else []
        match draw(st.sampled_from(kinds)):
            case "replace":
                parent[last] = draw(VALUES)
            case "remove":
                del parent[last]
            case "borrow":
                parent[last] = copy.deepcopy(at(WORLDS[which], draw(st.sampled_from(PLACES[which]))))
            case "nudge":
                parent[last] = (not value) if isinstance(value, bool) else value + draw(st.sampled_from([1, -1, 0.5]))
            case "fewer":
                parent[last] = value[: draw(st.integers(0, len(value)))]
            case "rename":
                parent[str(last)[:-1]] = parent.pop(last)
            case "add":
                value[draw(st.sampled_from(NAMES))] = draw(VALUES)
    return config


def told(config: dict) -> str:
    """Return the line that refuses a configuration, or nothing where it passes."""
    try:
        read(config)
    except InputError as error:
        return str(error)
    return ""


def check(config: dict) -> bool:
    """Check that a configuration passes or is refused in one line, and return whether it passes."""
    line = told(config)
    if line:
        assert line.startswith("config: "), line
        assert "\n" not in line
        assert line.isprintable(), repr(line)
        assert len(line) < 2000
    return not line


@settings(max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_a_mistyped_configuration_is_refused_in_one_line_or_passes(config):
    check(config)


@pytest.mark.slow
def test_what_passes_is_planned(tmp_path):
    refused, passed = set(), {}

    @settings(
        max_examples=3000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(mutated())
    def count(config):
        if check(config):
            passed[repr(config)] = config
        else:
            refused.add(repr(config))

    count()
    assert len(refused) >= 1000
    assert len(passed) >= 100
    for config in passed.values():
        plan(read(config).as_mapping())
    copy_checkout(tmp_path)
    # Only what is in the overlay: a key that is taken away must not come back from the records.
    shutil.rmtree(tmp_path / "resources" / "records")
    (tmp_path / "config.yaml").write_text("{}")
    for number, config in enumerate(random.Random(1).sample(list(passed.values()), 8)):
        overlay = tmp_path / f"{number}.yaml"
        overlay.write_text(yaml.safe_dump(config, allow_unicode=True))
        done = Checkout(tmp_path).snakemake("-n", "--cores", "1", config=str(overlay))
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        assert done.returncode == 0 or "error: " in done.stderr, done.stdout + done.stderr
