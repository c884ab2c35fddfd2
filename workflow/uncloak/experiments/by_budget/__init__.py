"""How visible must a cloak be to protect? One attack at several strengths, a line per extractor (Fawkes, Figure 16)."""

from uncloak.errors import InputError
from uncloak.plan.datasets import shows_visibility

TITLE = "How visible must a cloak be to protect?"
CATEGORY = "What does it cost?"
HEADLINE = 30
HOOKS = ()  # it is drawn from rows without defense
# As many extractors as there are colors and markers to tell their lines apart.
MOST_LINES = 8


def possible(asked):
    """A line is of one attack at several strengths, of which the record names the attacks."""
    return "attacks" in asked.record and shows_visibility(asked.config, asked.dataset)


def check(asked, place):
    """There are lines to draw, each of one attack, and they can be told apart."""
    if len(asked.attacks) < 2:
        reason = f"a line joins several attacks, and of these only '{asked.attacks[0]}' is run on '{asked.dataset}'"
        raise InputError(f"{place}.attacks: {reason}; name more, and run them there, or name other datasets")
    first, *others = asked.attacks
    for name in others:
        if _kind(asked, name) != _kind(asked, first):
            reason = f"'{first}' and '{name}' differ in their method or surrogates, and a line is of one attack"
            raise InputError(f"{place}.attacks: {reason} at several strengths; name such, or ask of each in a record")
    if len(asked.extractors) > MOST_LINES:
        reason = f"{len(asked.extractors)} lines are more than can be told apart"
        raise InputError(f"{place}.extractors: {reason}; name at most {MOST_LINES}")
    if asked.config["experiments"].get("visibility", {}).get("method") != "visibility":
        reason = "this is drawn from the experiment 'visibility', which is struck out or has another method"
        raise InputError(f"{place}: {reason}; take it back, or strike out both")


def _kind(asked, attack):
    record = asked.config["attacks"][attack]
    return record["method"], sorted(record.get("surrogates", ()))


def drawn_from(asked):
    return {name: [asked.table(name)] for name in ("protection", "visibility")}
