"""What do the attacks do to a face? Clean and perturbed faces, and their differences."""

from uncloak import paths
from uncloak.plan import attacks, evaluated
from uncloak.plan.datasets import shows_visibility

TITLE = "What the cloaks do to a face"
CATEGORY = "Pictures"
HEADLINE = 32
HOOKS = ()  # it is of pictures, whoever looks at them


def possible(asked):
    return shows_visibility(asked.config, asked.dataset)


def drawn_from(asked):
    return {
        "faces": [paths.fill(paths.FACES, dataset=asked.dataset)],
        "perturbed": attacks.perturbed_parts(asked.config, asked.dataset),
    }


def shown(asked):
    """Labels of the attacks that the posted pictures are made by, whoever looks at them."""
    made_by = evaluated.parts_of(asked.config, asked.dataset)
    return {"labels": [asked.config["attacks"][name]["label"] for name in made_by], "extractors": []}
