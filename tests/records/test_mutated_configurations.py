"""Configurations with one thing wrong, kind by kind: planned, or refused in one line whose advice is right."""

import pytest
from configurations import ROOT
from mutations import KINDS, Mutant, mutants
from trying_out import Planned, Refused, Silent, followed, refusal, try_out

from uncloak.configuration import load

DEFAULT = load(ROOT)
OF_EACH = 9  # tests/benchmarks/mutated_configurations.py tries more


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_is_told_in_one_line_and_the_rest_is_planned(kind, tmp_path):
    for mutant in mutants(DEFAULT, kind, OF_EACH):
        outcome = try_out(mutant, tmp_path)
        assert not isinstance(outcome, Silent), mutant.content
        if isinstance(outcome, Refused):
            assert outcome.faults() == [], (mutant.content, outcome.line)
            if (mended := followed(outcome)) is not None:
                assert refusal(mended) != outcome.line, mutant.content


@pytest.mark.parametrize("key", ["weights", "data"])
def test_a_folder_of_no_possible_name_is_none(key, tmp_path):
    assert try_out(Mutant("", f"{key}: {'a' * 300}".encode(), False), tmp_path) == Planned()


@pytest.mark.parametrize(
    "content",
    [
        b"sede: 1",
        b"run: {attakcs: [lowkey]}",
        b"run: {attacks: [lowkee]}",
        b"run: {attacks: [lowkey, lowkey]}",
        b"shards: 0",
        b"datasets: {synthetic: {split: {gallery: 1}}}",
        b"datasets: {synthetic: {root: here}}",
        b"recognition: {metric: euclid}",
    ],
)
def test_advice_is_followed_to_the_end(content, tmp_path):
    outcome = try_out(Mutant("", content, True), tmp_path)
    assert refusal(followed(outcome)) == ""
