"""Does a cloak fool extractors that it was not made for? Attacks by their surrogate, against every extractor."""

from uncloak.errors import InputError
from uncloak.plan import extractors

TITLE = "Does a cloak fool extractors that it was not made for?"
CATEGORY = "How long does a cloak last?"
OWN_ATTACKS = True
HOOKS = ()


def check(asked, place):
    """Each attack has one surrogate, and attacks of one label, which stand in one matrix, have different ones."""
    known: dict[tuple[str, str], str] = {}
    for name in asked.attacks:
        surrogates = asked.config["attacks"][name].get("surrogates", [])
        if len(surrogates) != 1:
            raise InputError(f"{place}.attacks: '{name}' has {len(surrogates)} surrogates; name attacks on one each")
        label = asked.config["attacks"][name]["label"]
        other = known.setdefault((label, surrogates[0]), name)
        if other != name:
            reason = f"'{other}' and '{name}' have the same label and surrogate"
            raise InputError(f"{place}.attacks: {reason}; give one another label")


def possible(asked):
    """One surrogate compares with nothing: several are needed, of which the record names the attacks."""
    return "attacks" in asked.record and len(asked.attacks) > 1


def shown(asked):
    """Of each attack its label, which attacks on other surrogates share, and its surrogate."""
    records = asked.config["attacks"]
    return {
        "surrogates": {
            name: {
                "label": records[name]["label"],
                "surrogate": surrogate,
                "surrogate_label": extractors.label(asked.config, surrogate, asked.dataset),
            }
            for name in asked.attacks
            for surrogate in records[name].get("surrogates", [])
        }
    }
