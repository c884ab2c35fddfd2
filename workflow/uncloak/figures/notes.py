"""What is said beneath a figure's subtitle of the extractors in it, whichever figure it is."""

import textwrap
from collections.abc import Sequence

import altair as alt

_LEAST_LETTERS = 70


def noted(chart: alt.TopLevelMixin, notes: Sequence[str]) -> alt.TopLevelMixin:
    """Return a chart, with whatever title, with notes as more lines of its subtitle, as wide as it."""
    if not notes:
        return chart
    title = _params(chart.title)
    lines = _lines(title.subtitle)
    letters = max(_LEAST_LETTERS, *map(len, lines), 0)
    title.subtitle = [*lines, *(line for note in notes for line in textwrap.wrap(note, letters))]
    return chart.properties(title=title)


def _params(title: object) -> alt.TitleParams:
    if isinstance(title, alt.TitleParams):
        return title.copy()
    return alt.TitleParams(text=" " if title is alt.Undefined else title)


def _lines(subtitle: object) -> list[str]:
    if subtitle is alt.Undefined:
        return []
    return [subtitle] if isinstance(subtitle, str) else list(subtitle)
