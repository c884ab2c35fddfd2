"""The page's sentences that depend on what was measured: plain, short, and no more than the counts allow."""

from uncloak.audit.page.findings import Question
from uncloak.audit.verdict import ENOUGH_GALLERY, ENOUGH_PROBES, Answer, Count, Verdict

_SIZES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_WAYS = {
    "fetch": "Uncloak can fetch it from the internet",
    "bring": "bring its file",
}


def percent(share: float) -> str:
    """Write a share in percent: whole ones, but tenths near the ends, where they tell some from none: "60", "99.6"."""
    return f"{100 * share:.{int(0 < share < 0.01 or 0.99 < share < 1)}f}"


def number(count: int, one: str) -> str:
    """Write a number of things: "1 picture", "4 pictures"."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def interval(count: Count) -> str:
    """Say what a count can mean for further pictures like these: "can mean up to 60 %"."""
    if not count.found:
        return f"can mean up to {percent(count.high)} %"
    if count.found == count.probes:
        return f"can mean {percent(count.low)} % or more"
    return f"can mean {percent(count.low)} to {percent(count.high)} %"


def headline(verdict: Verdict) -> str:
    """Say in a few words what the models say of a cloak."""
    match verdict.answer:
        case Answer.FOUND:
            return f"Found by {verdict.found_by} of {number(verdict.told, 'model')}"
        case Answer.NOT_FOUND:
            return f"Found by 0 of {number(verdict.told, 'model')}"
        case _:
            return "Cannot be told"


def sentences(verdict: Verdict, probes: int) -> list[str]:
    """Say what the models say of a cloak: what was found, how sure that is, and which models cannot tell."""
    said = []
    if verdict.answer is Answer.FOUND:
        who = "The one model that can tell" if verdict.told == 1 else f"{verdict.found_by} of {verdict.told} models"
        where = "your one later picture" if probes == 1 else f"at least one of your {probes} later pictures"
        said.append(f"{who} recognized you in {where}, although what you posted was cloaked.")
        if verdict.less_often:
            said.append(f"{_models(verdict.less_often)} did so clearly less often than without the cloak.")
        if verdict.not_found_by:
            said.append(f"{_models(verdict.not_found_by)} did not: {_up_to(verdict)}.")
    elif verdict.answer is Answer.NOT_FOUND:
        who = "The one model that can tell did not recognize" if verdict.told == 1 else "None of them recognized"
        where = "your one later picture" if probes == 1 else f"any of your {probes} later pictures"
        said.append(f"{who} you in {where}. That is no promise: {_up_to(verdict)}.")
    elif not probes:
        said.append("No later picture of you could be used, so no model was asked. Nothing can be said of this cloak.")
    else:
        said.append("No model finds you well enough without the cloak, so none can say what the cloak does.")
    if verdict.silent and verdict.told:
        said.append(f"{_models(verdict.silent)} cannot tell, because you are mostly missed without the cloak, too.")
    return said


def uncloaked(pictures: int, missing: str) -> str:
    """Say what became of clean pictures without a cloaked copy, `missing` being the audit's option."""
    if missing == "drop":
        return "was left out" if pictures == 1 else "were left out"
    counts = "counts" if pictures == 1 else "count"
    return f"{counts} as posted without the cloak, as tools leave pictures in which they find no face"


def few(probes: int, gallery: int) -> list[tuple[str, str]]:
    """Say plainly whether there are enough pictures for a firm answer: in short, and what that means."""
    said = []
    if probes < ENOUGH_PROBES:
        said.append(
            (
                "Too few later pictures for a firm answer.",
                f"{probes} could be used; it takes {ENOUGH_PROBES} or more before “found 0” means much. Add clean"
                " pictures that you never posted, in a folder “later”.",
            )
        )
    if gallery < ENOUGH_GALLERY:
        said.append(
            (
                "Few posted pictures.",
                f"Models had {gallery} to go by. The more of you are posted, the more chances there are to find you.",
            )
        )
    return said or [
        (
            "Enough pictures for a first answer.",
            f"{number(probes, 'later picture')}, and {gallery} or more posted. More make it firmer.",
        )
    ]


def asked(question: Question, people: int | None) -> str:
    """Say a question as the head of a row; without distractors, half of the crowd's `people` are there."""
    if question.false_accept_rate:
        return f"1 in {1 / question.false_accept_rate:,.0f}"
    among = "a crowd" if people is None else f"{people if question.distractors else -(-people // 2):,} people"
    return f"first of {among}" if question.rank == 1 else f"among the first {question.rank} of {among}"


def meaning(question: Question) -> str:
    """Say in a sentence what it means that a model found a picture."""
    if question.false_accept_rate:
        return (
            "the model takes a later picture and a posted one for the same person, when it is set so that it wrongly"
            f" does so for 1 in {1 / question.false_accept_rate:,.0f} pairs of strangers"
        )
    place = "the one" if question.rank == 1 else f"one of the {question.rank}"
    return f"of all people in the crowd, you are {place} whom, to the model, the picture shows most likely"


def without_cloak(unprotected: int) -> str:
    """Say how many pictures were posted without the cloak besides, as the head of a row."""
    return "none" if not unprotected else number(unprotected, "picture")


def size(byte_count: float) -> str:
    """Write a number of bytes as people do: "249 MB"; nothing where it is not known."""
    for unit, bytes_per_unit in _SIZES:
        if byte_count >= bytes_per_unit:
            return f"{byte_count / bytes_per_unit:.3g} {unit}"
    return ""


def how_to_have(way: str) -> str:
    """Say how a model that is not at hand can be had: "fetch", "bring", or "extra NAME" of the installation."""
    if way.startswith("extra "):
        return f"install Uncloak's extra “{way.removeprefix('extra ')}”"
    return _WAYS.get(way, way)


def plain(value: str | float | bool | list | dict | None) -> str:
    """Write a value of the audit's options as a person would."""
    if value is None or value in ("", [], {}):
        return "none"
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(plain, value))
        case dict():
            return ", ".join(f"{key}: {plain(inner)}" for key, inner in value.items())
        case _:
            return str(value)


def _models(count: int) -> str:
    return number(count, "model")


def _up_to(verdict: Verdict) -> str:
    few = "with so few pictures, " if verdict.too_few else ""
    return f"{few}“found 0” can still mean that up to {percent(verdict.up_to)} % of such pictures are found"
