"""How long does a cloak last? Pictures posted once, against every extractor there is later (section 3.4)."""

from uncloak.experiments.games import adaptive

TITLE = "How long does a cloak last?"
CATEGORY = "How long does a cloak last?"
HEADLINE = 11
HOOKS = ()  # it is drawn from rows without defense


def drawn_from(asked):
    return {"protection": [asked.table("protection")]}


def shown(asked):
    """The extractors that know the attacks."""
    return {"adaptive": adaptive(asked)}
