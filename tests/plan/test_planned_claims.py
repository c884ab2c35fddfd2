"""Claims stand beside one number of ours: of two records that would each have one, the plan says so before any job."""

import re

import pytest
from configurations import configuration

from uncloak.errors import InputError
from uncloak.plan import claims

# A second record of each method -> options by which its numbers are others.
AGAIN = {
    "cost": ({"attacks": ["lowkey"]}, {"pictures": 7}, "attack 'lowkey'"),
    "giveaway": (
        {"extractors": ["magface"], "attacks": ["lowkey"]},
        {"choices": 3},
        "attack 'lowkey' and extractor 'magface'",
    ),
    "detection": (
        {"attacks": ["lowkey"], "options": {"detectors": ["fawkes"]}},
        {"threshold": 0.6},
        "attack 'lowkey' and detector 'fawkes'",
    ),
    "transfer_grid": (
        {"extractors": ["magface"], "attacks": ["lowkey_plain", "lowkey_on_arcface"], "options": {"gallery": [5]}},
        {"choices": 3},
        "extractor 'magface' and 5 gallery pictures",
    ),
}


def second(method: str, dataset: str = "synthetic", **more) -> dict:
    record = AGAIN[method][0]
    options = record.get("options", {}) | more
    return {"experiments": {"again": {"method": method, "datasets": [dataset], **record, "options": options}}}


@pytest.mark.parametrize("method", AGAIN)
def test_two_numbers_for_the_same_are_refused_and_one_can_be_left_out(method):
    _, options, about = AGAIN[method]
    first = {"transfer_grid": "everyday_grid"}.get(method, method)
    other = second(method, **options)
    with pytest.raises(InputError) as caught:
        configuration(other)
    assert str(caught.value) == (
        f"config: experiments.claims.options.leave_out: '{first}' and 'again' each have a number of their own for"
        f" {about} on 'synthetic', and claims stand beside one; name one of the two here"
    )
    for left_out, kept in (("again", first), (first, "again")):
        config = configuration(other, {"experiments": {"claims": {"options": {"leave_out": [left_out]}}}})
        taken = [
            *(*claims.measured_rates(config), *claims.measured_detection(config)),
            *(*claims.measured_giveaway(config), *claims.measured_times(config)),
        ]
        assert f"results/synthetic/tables/{kept}.csv" in taken
        assert f"results/synthetic/tables/{left_out}.csv" not in taken
    # Without claims there is nothing to stand beside.
    assert configuration(other, {"experiments": {"claims": None}})


@pytest.mark.parametrize("method", ["giveaway", "detection", "transfer_grid"])
def test_the_same_number_may_stand_in_two_tables(method):
    assert configuration(second(method))


def test_times_are_never_the_same_and_other_attacks_and_datasets_are_no_contradiction():
    with pytest.raises(InputError, match="'cost' and 'again' each have a number of their own for attack 'lowkey'"):
        configuration(second("cost"))
    assert configuration(second("cost", "second_world"))
    assert configuration(second("cost"), {"experiments": {"again": {"attacks": ["fawkes_v03"]}}})


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["cots"], "leave_out: there is no experiment 'cots'; do you mean 'cost'?"),
        (["cost", "cost"], "leave_out: 'cost' stands twice"),
        ("cost", "leave_out: is 'cost'; it must be a list"),
    ],
)
def test_what_cannot_be_left_out_is_told(names, said):
    with pytest.raises(InputError, match=re.escape(said)):
        configuration({"experiments": {"claims": {"options": {"leave_out": names}}}})


def test_claims_beside_nothing_are_refused():
    alone = {"run": {"experiments": ["claims", "lifetime"]}, "transfer": {"image_classifiers": []}}
    with pytest.raises(InputError, match="nothing that this run measures stands beside claims; make"):
        configuration(alone)
    assert configuration(alone, {"run": {"experiments": ["claims", "protection"]}})
    assert configuration({"run": {"experiments": ["claims"]}})  # beside the transfer of image classifiers
