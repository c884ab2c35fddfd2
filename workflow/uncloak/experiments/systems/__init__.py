"""Can a trainer have accuracy and robustness? An accurate and a robust extractor together (Figures 6 and 12)."""

from uncloak.plan.defenses import NONE, Recognizer, described

TITLE = "An accurate and a robust model together"
CATEGORY = "Defenses"
HEADLINE = 23
CHANNELS = True
HOOKS = ("answer",)


def recognizers(asked, found):
    """Each system, and each of its models alone."""
    together = [each for each in found if each.second]
    alone = sorted({name for each in together for name in (each.extractor, each.second)})
    return [*(Recognizer(name, embedder=name) for name in alone), *together]


def possible(asked):
    return any(each.second for each in asked.recognizers)


def shown(asked):
    """By defense, how the second extractor is asked, and which one that is."""
    systems = {
        each.defense: {"method": described(asked.config, each.defense)["method"], "second": each.second}
        for each in asked.recognizers
        if each.defense != NONE
    }
    return {"systems": systems}
