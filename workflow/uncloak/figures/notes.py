"""What is said beneath a figure's subtitle of the extractors in it, whichever figure it is."""

import textwrap
from collections.abc import Sequence

import altair as alt

_LEAST_LETTERS = 70


def noted(chart: alt.TopLevelMixin, notes: Sequence[str]) -> alt.TopLevelMixin:
    """Return a chart, whose title is an `alt.TitleParams`, with notes as more lines of its subtitle, as wide as it."""
    if not notes:
        return chart
    title = chart.title
    lines = [title.subtitle] if isinstance(title.subtitle, str) else list(title.subtitle)
    letters = max(_LEAST_LETTERS, *map(len, lines))
    title = title.copy()
    title.subtitle = [*lines, *(line for note in notes for line in textwrap.wrap(note, letters))]
    return chart.properties(title=title)
