"""Captions: the text that stands beside a figure's code, filled in with what is known of the figure."""

from collections.abc import Mapping, Sequence

from uncloak.errors import InputError
from uncloak.marks import sentence
from uncloak.plan.asked import Asked
from uncloak.records import plugins


def of_experiment(method: str, known: Mapping) -> str:
    """The caption of an experiment's folder; raises InputError where it is not there or cannot be filled in."""
    text = plugins.beside(plugins.EXPERIMENT, method, "caption.rst")
    return filled(text, known, f"uncloak/experiments/{method}/caption.rst")


def about_extractors(asked: Sequence[Asked]) -> list[str]:
    """What a caption says of the extractors of these experiments: which saw the people, and that some are left out."""
    marked = {label: sets for each in asked for label, sets in each.marked().items()}
    left_out = (
        "Left out is every extractor whose clean error on the dataset is above the bound of its record"
        " (the table `extractors` has both)."
    )
    return [*([sentence(marked)] if marked else []), *([left_out] if any(each.drawn_gated() for each in asked) else [])]


def filled(text: str, known: Mapping, path: str) -> str:
    """The text of a file with what it asks for in braces; raises InputError where that is not known."""
    try:
        return text.format_map(known)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        reason = f"cannot be filled in ({error}); in braces it may have {', '.join(sorted(known))}"
        raise InputError(f"{path}: {reason}") from None
