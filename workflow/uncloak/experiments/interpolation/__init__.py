"""Between an extractor and what it was tuned to: accuracy and protection by alpha (ICLR 2022, appendix B.3)."""

from uncloak.errors import InputError
from uncloak.plan.defenses import Recognizer
from uncloak.plan.extractors import alphas

TITLE = "How far to tune?"
CATEGORY = "How long does a cloak last?"
HOOKS = ()  # its figure tells no defenses apart


def ends(asked):
    """The first and the last extractor of each line on which the experiment has an interpolated one."""
    records = [asked.config["extractors"][name] for name in asked.extractors]
    return list(dict.fromkeys((each["from"], each["to"]) for each in records if each["recipe"] == "interpolate"))


def possible(asked):
    return bool(ends(asked))


def check(asked, place):
    if len(ends(asked)) > 1:
        lines = " and ".join(f"{start} to {end}" for start, end in ends(asked))
        raise InputError(f"{place}.extractors: the figure is of one line, not of {lines}; name extractors of one")


def recognizers(asked, found):
    """Every extractor on the line, its ends too, whichever of them the run has."""
    return [Recognizer(name, embedder=name) for name in on_line(asked)]


def on_line(asked):
    """Extractor -> alpha, from the untuned one, 0, to the tuned one, 1."""
    return alphas(asked.config, *ends(asked)[0]) if ends(asked) else {}


def labels(asked):
    """What the averages are told: where on the line each extractor stands."""
    return {"alphas": on_line(asked)}


def shown(asked):
    """What stands at the ends, and the labels of those on the line that the experiment is asked of."""
    records, (start, end) = asked.config["extractors"], ends(asked)[0]
    named = [start, end, *(name for name in on_line(asked) if name in asked.extractors)]
    return {
        "start": records[start]["label"],
        "end": records[end]["label"],
        "named": {name: records[name]["label"] for name in named},
    }
