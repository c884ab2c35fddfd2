"""Protection rate over the visibility of one attack at several strengths, a line for each extractor.

After Figure 16 of Fawkes (Shan et al., USENIX Security 2020, section 8.1).
"""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.experiments.source import INTERVAL, source
from uncloak.figures import theme
from uncloak.figures.rates import COLUMNS, Marks, by_release, checked, explained, only, plain, rate_lines, tooltip
from uncloak.figures.visibility import SHOWN, drawn_measure, in_words, of, told, visibility_axis, with_visibility

_WIDTH = 620
_HEIGHT = 320
_PADDING = 12  # a marker at no change
_LEFT_END = "Left end of each line: error without attack."


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Draw protection over visibility."""
    table = given.table("protection", *COLUMNS, "defense")
    extractors = given.standing(given.told["extractors"], table["extractor"])
    rates = only(only(table[table["defense"] == "none"], "extractor", extractors), "attack", given.attacks)
    rows, measure = over_visibility(rates, given.table("visibility", *SHOWN))
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes, over the mean {measure.upper()} of the "
        f"users' posted 8-bit pictures, by extractor. {source(given, rows)}"
    )
    return lines_over_visibility(rows, given.attacks, given.told["title"], subtitle, measure), rows


def over_visibility(protection: pd.DataFrame, visibility: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Give rates of protection the visibility that they are drawn over.

    Args:
        protection: rows as `uncloak.recognition.rates.protection_rates` returns them, with labels, of the attacks that
            are drawn and of attack "none". Channels other than "png" are left out.
        visibility: rows as `uncloak.visibility.users.visibility` returns them.

    Returns the rows with the columns of a measure, line by line: by extractor, older ones first, and by visibility.
    Attack "none" changes nothing: 0. And the measure: "lpips" if all attacks have it, else "dssim".

    Raises InputError where an attack has no visibility.
    """
    cloaked = with_visibility(protection, visibility)
    measure = drawn_measure(cloaked)
    clean = plain(protection[protection["attack"] == "none"]).assign(**dict.fromkeys(of(measure), 0.0))
    rows = pd.concat([clean, cloaked[clean.columns]], ignore_index=True)
    place = {name: place for place, name in enumerate(by_release(rows, "last")["extractor"])}
    in_lines = rows.assign(place=rows["extractor"].map(place)).sort_values(["place", measure], kind="stable")
    return in_lines.drop(columns="place").reset_index(drop=True), measure


def lines_over_visibility(
    table: pd.DataFrame,
    attacks: Sequence[str],
    title: str,
    subtitle: str,
    measure: str,
) -> alt.LayerChart:
    """Draw protection rates over visibility, one line per extractor on the band of its intervals.

    Args:
        table: what `over_visibility` returned; rates in [0,1].
        attacks: names of the attacks, "none" among them.
        title: the figure's title.
        subtitle: what is shown, numbers of users and probes, interval, dataset, seed; wrapped to the figure's width.
        measure: that of the table.

    Raises InputError where columns or attacks are missing, rows repeated, or rates out of range, and where an attack's
    visibility is missing or infinite.
    """
    rows = in_words(checked(table, attacks, ["attack", "extractor"], [*COLUMNS, *of(measure)]), measure)
    marks = Marks(rows, "extractor", list(by_release(rows, "last")["extractor"]), _WIDTH)
    solid = alt.StrokeDash("channel:N", legend=None)
    x = visibility_axis(rows, measure, padding=_PADDING)
    chart = alt.layer(*rate_lines(rows, x, solid, marks, "protection rate", tooltip(INTERVAL, *told(measure))))
    heading = alt.TitleParams(title, subtitle=theme.wrapped(explained(f"{subtitle} {_LEFT_END}", rows), _WIDTH))
    return theme.themed(chart.properties(width=_WIDTH, height=_HEIGHT, title=heading))
