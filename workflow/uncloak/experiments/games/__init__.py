"""Who wins the poisoning game? The security games of section 2.2, played over the protection rates (Figure 8)."""

from dataclasses import dataclass

from uncloak.errors import InputError
from uncloak.plan.datasets import shows_visibility
from uncloak.plan.extractors import learned_public, lineage

TITLE = "Who wins the poisoning game?"
CATEGORY = "How long does a cloak last?"
HEADLINE = 13
HOOKS = ()  # it is drawn from rows without defense


@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        users: title -> the attacks that this user takes up, each on the day of its release.
        margin: in [0,1]; the trainer wins a round at most so far above the clean error.
        largest_dssim: mean DSSIM up to which posted pictures pass for the user's own; who posts others loses. 0.05 is
            an SSIM of .9, more than published tools change; at 1 all pass.
    """

    users: dict[str, tuple[str, ...]]
    margin: float = 0.1
    largest_dssim: float = 0.05

    def __post_init__(self):
        if not 0 <= self.margin <= 1:
            raise InputError(f"margin is {self.margin}; it must lie in [0, 1]")
        if not 0 < self.largest_dssim <= 1:
            raise InputError(f"largest_dssim is {self.largest_dssim}; it must be above 0 and at most 1")
        if not self.users:
            raise InputError("users: there are none; add one")


def check(asked, place):
    for title, names in asked.options.users.items():
        for name in names:
            if name not in asked.config["attacks"]:
                raise InputError(f"{place}.options.users.{title}: there is no attack '{name}'; name another")
            if names.count(name) > 1:
                raise InputError(f"{place}.options.users.{title}: '{name}' stands twice; name it once")


def players(asked):
    """The users who take up attacks that are run on the dataset, and these attacks."""
    taken = {title: [name for name in names if name in asked.attacks] for title, names in asked.options.users.items()}
    return {title: names for title, names in taken.items() if names}


def possible(asked):
    named = {name for names in asked.options.users.values() for name in names}
    return bool(players(asked)) or not named <= asked.config["attacks"].keys()  # which `check` tells


def drawn_from(asked):
    tables = ["protection", *(["visibility"] if judged(asked) else [])]
    return {name: [asked.table(name)] for name in tables}


def judged(asked):
    """Whether the oracle is asked: how much pictures show is measured on the dataset."""
    measured = asked.config["experiments"].get("visibility", {}).get("method") == "visibility"
    return measured and shows_visibility(asked.config, asked.dataset)


def shown(asked):
    """Who plays, and the extractors that know the attacks."""
    return {"users": players(asked), "adaptive": adaptive(asked)}


def adaptive(asked):
    """Extractors that were tuned on public identities' perturbed faces, or made from such: they know the attacks."""
    config = asked.config
    return [name for name in asked.extractors if any(learned_public(config, each) for each in lineage(config, name))]
