"""What is left of a cloak after what sites do to pictures? Protection by channel."""

from uncloak.plan import evaluated

TITLE = "What is left of a cloak after JPEG, resizing and blur?"
CATEGORY = "What is left of a cloak?"
HEADLINE = 33
HOOKS = ()  # it is drawn from rows without defense
PIXELS = True


def possible(asked):
    return bool(evaluated.channels(asked.config))


def drawn_from(asked):
    return {"protection": [asked.table("protection")]}


def shown(asked):
    """The channels of the run and their labels, plain PNG first."""
    labels = {name: asked.config["channels"][name]["label"] for name in evaluated.channels(asked.config)}
    return {"channels": {"png": "PNG", **labels}}
