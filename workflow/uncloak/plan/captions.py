"""Captions: the text that stands beside a figure's code, filled in with what is known of the figure."""

from collections.abc import Mapping

from uncloak.errors import InputError
from uncloak.records import plugins


def of_experiment(method: str, known: Mapping) -> str:
    """The caption of an experiment's folder; raises InputError where it is not there or cannot be filled in."""
    text = plugins.beside(plugins.EXPERIMENT, method, "caption.rst")
    return filled(text, known, f"uncloak/experiments/{method}/caption.rst")


def filled(text: str, known: Mapping, path: str) -> str:
    """The text of a file with what it asks for in braces; raises InputError where that is not known."""
    try:
        return text.format_map(known)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        reason = f"cannot be filled in ({error}); in braces it may have {', '.join(sorted(known))}"
        raise InputError(f"{path}: {reason}") from None
