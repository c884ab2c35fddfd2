"""Who trains the recognition model, and by which rule: which extractors and which scraped pictures a trainer uses.

The rules are those of Radiya-Dixit et al. (ICLR 2022), section 2.2 and figure 8. A rule knows only release dates, never
how well an extractor does on the users; the one that looks is a bound and called so.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from uncloak.games.rounds import Release


class Choice(NamedTuple):
    """What a trainer uses.

    Attributes:
        extractors: those that the trainer may use.
        posted: the attacks on the pictures that the trainer uses.
        judged: the attacks on all pictures that the game has seen, which must pass for the user's own.
    """

    extractors: Sequence[Release]
    posted: Sequence[Release]
    judged: Sequence[Release]


class Known(NamedTuple):
    """What there is in a round.

    Attributes:
        extractors: released so far, oldest first, less the adaptive ones.
        adaptive: released so far, oldest first: extractors tuned on pictures perturbed by the attacks.
        posted: the attacks on the pictures posted so far, each with the day of their first picture, oldest first.
        start: the game's first day.
    """

    extractors: Sequence[Release]
    adaptive: Sequence[Release]
    posted: Sequence[Release]
    start: str


def static(known: Known) -> Choice:
    """Train once, on the game's first day, and never again (figure 8a). Later pictures are not in this game."""
    first = _until(known.posted, known.start)
    return Choice(_until(known.extractors, known.start)[-1:], first, first)


def dynamic(known: Known) -> Choice:
    """Train in every round with the newest extractor, on that round's pictures: the gallery is kept up to date."""
    return Choice(known.extractors[-1:], known.posted[-1:], known.posted)


def cumulative(known: Known) -> Choice:
    """Train in every round with the newest extractor, on all pictures scraped so far (figure 8b)."""
    return Choice(known.extractors[-1:], known.posted, known.posted)


def retroactive(known: Known) -> Choice:
    """Train with the newest extractor on pictures older than it only, whose attacks could not know it (section 3.4).

    Where no picture is older, the first ones serve.
    """
    newest = known.extractors[-1]
    older = [posting for posting in known.posted if posting.date < newest.date]
    return Choice([newest], older or _until(known.posted, known.start), known.posted)


def adaptive(known: Known) -> Choice:
    """Train with the newest extractor tuned on the attacks, as soon as there is one (section 3.3), on all pictures."""
    return Choice((known.adaptive or known.extractors)[-1:], known.posted, known.posted)


def hindsight(known: Known) -> Choice:
    """Take whichever extractor turns out best: no rule, but the bound of all trainers."""
    return Choice([*known.extractors, *known.adaptive], known.posted, known.posted)


TRAINERS: dict[str, Callable[[Known], Choice]] = {
    "static": static,
    "dynamic": dynamic,
    "cumulative": cumulative,
    "retroactive": retroactive,
    "adaptive": adaptive,
    "best in hindsight": hindsight,
}


def _until(releases: Sequence[Release], date: str) -> list[Release]:
    return [release for release in releases if release.date <= date]
