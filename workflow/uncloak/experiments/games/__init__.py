"""Who wins the poisoning game? The security games of section 2.2, played over the protection rates (Figure 8)."""

from dataclasses import dataclass

from uncloak.errors import InputError
from uncloak.plan.extractors import learned_public, lineage

TITLE = "Who wins the poisoning game?"
CATEGORY = "How long does a cloak last?"
HOOKS = ()  # it is drawn from rows without defense


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        users: title -> the attacks that this user takes up, each on the day of its release.
        margin: in [0,1]; the trainer wins a round at most so far above the clean error.
    """

    users: dict[str, tuple[str, ...]]
    margin: float = 0.1

    def __post_init__(self):
        if not 0 <= self.margin <= 1:
            raise InputError(f"margin is {self.margin}; it must lie in [0, 1]")
        if not self.users:
            raise InputError("users: there are none; add one")


def check(asked, place):
    for title, names in asked.options.users.items():
        for name in names:
            if name not in asked.config["attacks"]:
                raise InputError(f"{place}.options.users.{title}: there is no attack '{name}'; name another")


def players(asked):
    """The users who take up attacks that are run on the dataset, and these attacks."""
    taken = {title: [name for name in names if name in asked.attacks] for title, names in asked.options.users.items()}
    return {title: names for title, names in taken.items() if names}


def possible(asked):
    named = {name for names in asked.options.users.values() for name in names}
    return bool(players(asked)) or not named <= asked.config["attacks"].keys()  # which `check` tells


def drawn_from(asked):
    return {"protection": [asked.table("protection")]}


def shown(asked):
    """Who plays, and the extractors that know the attacks."""
    return {"users": players(asked), "adaptive": adaptive(asked)}


def adaptive(asked):
    """Extractors that were tuned on public identities' perturbed faces, or made from such: they know the attacks."""
    config = asked.config
    return [name for name in asked.extractors if any(learned_public(config, each) for each in lineage(config, name))]
