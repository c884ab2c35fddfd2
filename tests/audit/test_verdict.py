"""What the audit says of a cloak: no more than its counts allow, no promise, and more finding is never better."""

import pytest
from audited import interval
from hypothesis import given
from hypothesis import strategies as st

from uncloak.audit.page import words
from uncloak.audit.verdict import ENOUGH_PROBES, Answer, Count, answer, less_often, verdict
from uncloak.errors import InputError

# From the best for the person to the worst.
BADNESS = [Answer.NOT_FOUND, Answer.FOUND]


def count(found, probes):
    return Count(found, probes, *interval(found, probes))


@st.composite
def compared(draw, least=0):
    probes = draw(st.integers(least, 30))
    counts = st.integers(0, probes).map(lambda found: count(found, probes))
    return draw(st.one_of(st.none(), counts)), draw(st.one_of(st.none(), counts))


models = st.lists(compared(), max_size=6)


def test_found_nothing_found_and_no_telling():
    assert answer(count(4, 4), count(0, 4)) is Answer.NOT_FOUND
    assert answer(count(4, 4), count(1, 4)) is Answer.FOUND
    assert answer(count(1, 4), count(0, 4)) is Answer.CANNOT_TELL  # it mostly misses the person anyway
    assert answer(count(2, 4), count(0, 4)) is Answer.NOT_FOUND
    assert answer(None, count(0, 4)) is Answer.CANNOT_TELL
    assert answer(None, count(1, 4)) is Answer.FOUND  # found is found, whatever is known of the control
    assert answer(count(4, 4), None) is Answer.CANNOT_TELL
    assert answer(count(0, 0), count(0, 0)) is Answer.CANNOT_TELL


@given(st.one_of(st.none(), st.just(count(0, 0))), st.integers(0, 20))
def test_without_a_control_nothing_is_said_for_the_cloak(control, probes):
    assert answer(control, count(0, probes)) is Answer.CANNOT_TELL


@given(st.integers(0, 20))
def test_a_model_that_never_finds_the_person_says_nothing_for_the_cloak(probes):
    assert answer(count(0, probes), count(0, probes)) is Answer.CANNOT_TELL


@given(compared(least=1))
def test_one_more_found_picture_is_never_better_for_the_cloak(pair):
    control, cloaked = pair
    if cloaked is None or cloaked.found == cloaked.probes:
        return
    before, after = answer(control, cloaked), answer(control, count(cloaked.found + 1, cloaked.probes))
    assert after is Answer.FOUND
    assert before in Answer


@given(models, compared())
def test_one_more_model_never_clears_a_cloak_that_was_found(known, more):
    before, after = verdict(known), verdict([*known, more])
    assert after.found_by >= before.found_by
    if before.answer is Answer.FOUND:
        assert after.answer is Answer.FOUND
    if before.up_to is not None:
        assert after.up_to >= before.up_to


@given(models)
def test_every_model_counts_once_in_any_order(known):
    found = verdict(known)
    assert found.told + found.silent == len(known)
    assert found == verdict(known[::-1])
    assert found.less_often <= found.found_by
    assert (found.up_to is not None) == (found.not_found_by > 0)
    assert (found.answer is Answer.NOT_FOUND) == (found.not_found_by > 0 and not found.found_by)


@given(models, st.integers(0, 30))
def test_no_sentence_promises_protection(known, probes):
    found = verdict(known)
    said = " ".join([words.headline(found), *words.sentences(found, probes)]).lower()
    assert said
    assert not any(word in said for word in ("protect", "safe", "secure", "hidden"))
    if found.answer is Answer.NOT_FOUND:
        assert f"up to {words.percent(found.up_to)} %" in said
        assert "no promise" in said
    if not known:
        assert words.headline(found) == "Cannot be told"


def test_clearly_less_often_means_that_the_intervals_lie_apart():
    assert less_often(count(20, 20), count(2, 20))
    assert not less_often(count(4, 4), count(1, 4))
    assert not less_often(None, count(1, 4))
    assert not less_often(count(0, 0), count(0, 0))


def test_enough_is_where_none_found_allows_less_than_a_third():
    assert interval(0, ENOUGH_PROBES)[1] < 1 / 3 < interval(0, ENOUGH_PROBES - 1)[1]


@pytest.mark.parametrize("wrong", [(5, 4, 0, 1), (-1, 4, 0, 1), (2, 4, 0.6, 0.9), (2, 4, 0.1, 0.4), (0, 4, 0, 1.5)])
def test_numbers_that_are_no_counts_are_refused(wrong):
    with pytest.raises(InputError, match="measure the audit again"):
        Count(*wrong)


def test_the_words_for_all_ends():
    assert words.sentences(verdict([(count(4, 4), count(0, 4))]), 4) == [
        "The one model that can tell did not recognize you in any of your 4 later pictures. That is no promise: with so"
        " few pictures, “found 0” can still mean that up to 60 % of such pictures are found."
    ]
    assert words.sentences(verdict([(count(1, 1), count(1, 1))]), 1)[0] == (
        "The one model that can tell recognized you in your one later picture, although what you posted was cloaked."
    )
    many = [(count(20, 20), count(2, 20)), (count(20, 20), count(0, 20)), (count(3, 20), count(0, 20))]
    assert words.headline(verdict(many)) == "Found by 1 of 2 models"
    assert words.sentences(verdict(many), 20) == [
        "1 of 2 models recognized you in at least one of your 20 later pictures, although what you posted was cloaked.",
        "1 model did so clearly less often than without the cloak.",
        "1 model did not: “found 0” can still mean that up to 17 % of such pictures are found.",
        "1 model cannot tell, because you are mostly missed without the cloak, too.",
    ]
    assert words.sentences(verdict([(count(0, 4), count(0, 4))]), 4) == [
        "No model finds you well enough without the cloak, so none can say what the cloak does."
    ]
    assert "Nothing can be said" in words.sentences(verdict([(None, None)]), 0)[0]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((0, 4), "can mean up to 60 %"),
        ((4, 4), "can mean 40 % or more"),
        ((1, 4), "can mean 0.6 to 81 %"),
        ((5, 6), "can mean 36 to 99.6 %"),
    ],
)
def test_what_a_count_can_mean(found, said):
    assert words.interval(count(*found)) == said


def test_sizes_and_ways():
    assert [words.size(number) for number in (249e6, 1.5e9, 12_300, float("nan"), 0)] == (
        ["249 MB", "1.5 GB", "12.3 kB", "", ""]
    )
    assert "extra “dlib”" in words.how_to_have("extra dlib")
    assert [short for short, _ in words.few(10, 5)] == ["Enough pictures for a first answer."]
    assert [short for short, _ in words.few(4, 1)] == [
        "Too few later pictures for a firm answer.",
        "Few posted pictures.",
    ]
