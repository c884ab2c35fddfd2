"""An overlay that goes over another is told which, where that one is not given."""

import re

import pytest
from configurations import configuration

from uncloak.errors import InputError
from uncloak.records.shipped import advice

WORLDS = "resources/worlds"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["lfw_magnitude"], "datasets.lfw: is changed, but nothing has it; give {}/lfw.yaml, where it is, first"),
        (
            ["lfw", "lfw_magnitude"],
            "attacks.lowkey_photograph: is changed, but nothing has it; give {0}/lfw_photographs.yaml or {0}/",
        ),
        (["facescrub_lowkey"], "datasets.facescrub: is changed, but nothing has it; give {}/facescrub.yaml,"),
        (["pubfig"], "run.datasets: there is no dataset 'facescrub'; give {}/facescrub.yaml, where it is, first"),
        (["lfw_photographs"], ".datasets: there is no dataset 'lfw'; give {}/lfw.yaml, where it is, first"),
    ],
)
def test_the_overlay_that_is_missing_is_named(given, told):
    with pytest.raises(InputError, match=re.escape(told.format(WORLDS))) as caught:
        configuration(*(f"{WORLDS}/{name}.yaml" for name in given))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"datasets": {"mine": {"label": "M"}}}, "datasets.mine: has no 'source'; add it"),
        ({"datasets": {"lfw": {"source": "fold"}}}, "datasets.lfw: there is no source 'fold'"),
        ({"run": {"datasets": ["syntetic"]}}, "there is no dataset 'syntetic'; do you mean 'synthetic'?"),
        # What is struck out is somewhere, but not to be had again by another overlay.
        ({"attacks": {"lowkey": None}}, "an overlay strikes it out"),
    ],
)
def test_what_no_overlay_has_is_told_as_before(change, told):
    with pytest.raises(InputError, match=re.escape(told)):
        configuration(change)


def test_an_overlay_that_only_changes_a_record_does_not_have_it():
    assert advice("datasets", "lfw") == f"give {WORLDS}/lfw.yaml, where it is, first"
    assert advice("datasets", "nobody") == ""
