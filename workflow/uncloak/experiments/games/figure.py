"""The security games as a timeline: who wins each round, against every kind of trainer."""

import textwrap

import altair as alt
import pandas as pd

from uncloak.experiments.given import Given
from uncloak.figures import theme
from uncloak.figures.rates import label_expression, percent
from uncloak.games.game import TRAINER, UNDECIDED, USER, play
from uncloak.games.oracle import refused
from uncloak.games.rounds import COLUMNS
from uncloak.games.trainers import TRAINERS

# Tints of blue and orange that stay apart for color-blind readers and carry dark text.
_COLORS = {USER: "#a6cbe8", UNDECIDED: "#e4e4e4", TRAINER: "#f6bf8b"}
_WINNERS = {USER: "the user wins", UNDECIDED: "undecided", TRAINER: "the trainer wins"}
_TILE_WIDTH = 132
_TILE_HEIGHT = 36
_LETTERS = 20
_MODEL_LETTERS = 24


def draw(given: Given) -> tuple[alt.TopLevelMixin, pd.DataFrame]:
    """Play the games, and draw who wins."""
    rates, told, options = given.table("protection", *COLUMNS), given.told, given.options
    rates = rates[rates["extractor"].isin(told["extractors"]) & (rates["defense"] == "none")]
    turned_down, oracle = [], "Every posting passes for the user's own pictures."
    if "visibility" in given.files:
        taken = sorted({attack for attacks in told["users"].values() for attack in attacks})
        turned_down = refused(given.table("visibility", "attack", "dssim"), taken, options.largest_dssim)
        oracle = (
            f"The user loses from the first posting on whose mean DSSIM is above {options.largest_dssim:g}: it does not"
            " pass for the user's own pictures."
        )
    table = play(rates, told["users"], told["adaptive"], options.margin, turned_down)
    after = f" After {told['paper']} of Radiya-Dixit et al. (ICLR 2022)." if told["paper"] else ""
    subtitle = (
        "Protection rate, and the extractor in use. The user wins a round if the rate's 95 % interval over"
        f" users lies above the clean error plus {100 * options.margin:g} points, the trainer if no part of it does."
        f" {oracle} ≤: pictures of several attacks are used, and the rate is at most the lowest of theirs. Error of"
        f" nearest-neighbor recognition, mean over {table['n_users'].max()} users. Dataset: {told['dataset_label']}."
        f" Seed {given.seed}.{after}"
    )
    return game_timelines(table, told["title"], subtitle), table


def game_timelines(table: pd.DataFrame, title: str, subtitle: str) -> alt.VConcatChart:
    """Draw who wins, one panel per user, one row of tiles per trainer, one tile per round.

    Args:
        table: what `uncloak.games.game.play` returned.
        title: the figure's title.
        subtitle: the rule of winning, numbers, interval, dataset, seed; wrapped to the figure's width.
    """
    rows = table.assign(
        rate=[f"{'≤ ' if row.at_most else ''}{percent(row.protection_rate)} %" for row in table.itertuples()],
        passes=["yes" if accepted else "no" for accepted in table["accepted"]],
        clean=[percent(error) for error in table["clean_error"]],
        interval=[f"{percent(row.low)} to {percent(row.high)} %" for row in table.itertuples()],
        model=[textwrap.shorten(label, _MODEL_LETTERS, placeholder="…") for label in table["extractor_label"]],
    )
    rows["tile"] = rows["rate"].where(rows["accepted"], "does not pass")
    calendar = rows.drop_duplicates("round").sort_values("round")
    labels = {row.round: [row.date, *textwrap.wrap(row.event, _LETTERS)] for row in calendar.itertuples()}
    width = _TILE_WIDTH * len(calendar)
    users = list(dict.fromkeys(rows["user"]))
    panels = []
    for user in users:
        heading = alt.TitleParams(user, fontSize=theme.TEXT_SIZE + 1, offset=6)
        panel = _panel(rows[rows["user"] == user], labels, user == users[-1])
        panels.append(panel.properties(width=width, height=_TILE_HEIGHT * len(TRAINERS), title=heading))
    heading = alt.TitleParams(title, subtitle=theme.wrapped(subtitle, width + 110))
    return theme.themed(alt.vconcat(*panels, spacing=14).properties(title=heading))


def _panel(own: pd.DataFrame, labels: dict, bottom: bool) -> alt.LayerChart:
    axis = alt.Axis(
        labelExpr=label_expression(labels),
        labelAngle=0,
        labelLimit=0,
        labelLineHeight=15,
        labels=bottom,
        ticks=False,
        domain=False,
    )
    x = alt.X(
        "round:O",
        title="round: what is released on its first day" if bottom else None,
        scale=alt.Scale(domain=list(labels), padding=0),
        axis=axis,
    )
    y = alt.Y(
        "trainer:N", title=None, sort=list(TRAINERS), axis=alt.Axis(ticks=False, domain=False, labelLimit=0, offset=4)
    )
    color = alt.Fill(
        "winner:N",
        scale=alt.Scale(domain=list(_COLORS), range=list(_COLORS.values())),
        legend=alt.Legend(
            orient="top", title=None, labelExpr=label_expression(_WINNERS), symbolType="square", symbolStrokeWidth=0
        ),
    )
    base = alt.Chart(own).encode(x=x, y=y)
    tips = [
        alt.Tooltip(f"{name}:N", title=heading)
        for name, heading in (
            *(("trainer", "trainer"), ("date", "from"), ("event", "released"), ("posted", "posted so far")),
            *(("used", "pictures used"), ("attack_label", "the rate is with"), ("extractor_label", "extractor")),
            *(("rate", "protection rate"), ("interval", "95 % interval over users")),
            *(("passes", "pictures pass for the user's"), ("clean", "clean error, %")),
            *(("n_users", "users"), ("dataset", "dataset"), ("seed", "seed")),
        )
    ]
    tiles = base.mark_rect(stroke=theme.PAPER, strokeWidth=2).encode(fill=color, tooltip=tips)
    rate = base.mark_text(dy=-7, fontSize=theme.TEXT_SIZE, fontWeight="bold", color=theme.INK).encode(text="tile:N")
    model = base.mark_text(dy=8, fontSize=theme.LABEL_SIZE - 1, color=theme.INK).encode(text="model:N")
    return alt.layer(tiles, rate, model)
