"""What each model found, by what it was asked: counts to look up, and the question that the page answers first."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from uncloak.audit.page.tables import oldest_first
from uncloak.audit.verdict import Compared, Count, Verdict, verdict
from uncloak.errors import InputError

NONE = "none"  # no cloak; no treatment
OPEN = "open"
_PLAIN_FALSE_ACCEPT_RATE = 1e-3


class Question(NamedTuple):
    """How a model is asked: at a threshold (its rate of false accepts), or for the `rank` nearest of a crowd."""

    false_accept_rate: float | None = None
    rank: int | None = None
    distractors: bool = False


class Model(NamedTuple):
    """A face recognition model: its name, what people call it, and the day of its release (YYYY-MM-DD or empty)."""

    name: str
    label: str
    released: str


class Findings:
    """The audit's table of findings, to be looked up.

    Attributes:
        models: oldest first.
        cloaks: their names, as the table orders them.
        treatments: of posted pictures, as the table orders them, "none" first.
        unprotected: numbers of pictures posted without the cloak, ascending.
        questions: thresholds from loose to strict, then ranks, first those without distractors.
        plain: the question that is answered first: the threshold nearest to one false accept in a thousand, which
            needs no other people; where there is none, the nearest in the crowd.
        surrogates: pairs of a cloak and a model that the cloak was computed against.

    Raises InputError where the table is empty, says something twice, or has numbers that are no counts.
    """

    def __init__(self, table: pd.DataFrame):
        if table.empty:
            raise InputError("findings.csv: has no rows: no model was asked; see which pictures could be used")
        self._counts: dict[tuple, Count] = {}
        self._gallery: dict[tuple, int] = {}
        for row in table.itertuples():
            key = (row.cloak, row.extractor, _question(row), row.treatment, row.unprotected)
            if key in self._counts:
                raise InputError(
                    f"findings.csv: says twice what '{row.extractor}' found of '{row.cloak}'; measure anew"
                )
            self._counts[key] = Count(row.found, row.probes, row.low, row.high)
            self._gallery[key] = row.gallery
        known = oldest_first(table.drop_duplicates("extractor"), "extractor_label")
        self.models = [Model(row.extractor, row.extractor_label, row.released) for row in known.itertuples()]
        self.cloaks = [cloak for cloak in table["cloak"].unique() if cloak != NONE]
        self.treatments = sorted(table["treatment"].unique(), key=lambda treatment: treatment != NONE)
        self.unprotected = sorted(table["unprotected"].unique().tolist())
        self.questions = sorted({key[2] for key in self._counts}, key=_order)
        self.plain = _plain(self.questions)
        self.surrogates = {(row.cloak, row.extractor) for row in table.itertuples() if row.surrogate}

    def count(
        self, cloak: str, model: Model, question: Question | None = None, treatment: str = NONE, unprotected: int = 0
    ) -> Count | None:
        """Return what a model found, or None where it was not asked; the plain question unless another is given."""
        return self._counts.get((cloak, model.name, question or self.plain, treatment, unprotected))

    def compared(self, cloak: str, model: Model, *asked, **how) -> Compared:
        """Return what a model found without the cloak and with it; arguments as `count` has them.

        Without the cloak all pictures are unprotected, so the control is the same for every number of them.
        """
        control = {**how, "unprotected": 0}
        return self.count(NONE, model, *asked, **control), self.count(cloak, model, *asked, **how)

    def verdict(self, cloak: str, *asked, **how) -> Verdict:
        """Return what all models say of a cloak, or of none; arguments as `count` has them."""
        return verdict(self.compared(cloak, model, *asked, **how) for model in self.models)

    def totals(self, cloak: str, *asked, **how) -> tuple[int, int, int]:
        """Return how many probes were found without the cloak and with it, and of how many, over all models.

        These are the models that were asked both; arguments as `count` has them.
        """
        pairs = [pair for model in self.models if all(pair := self.compared(cloak, model, *asked, **how))]
        return (
            sum(control.found for control, _ in pairs),
            sum(cloaked.found for _, cloaked in pairs),
            sum(cloaked.probes for _, cloaked in pairs),
        )

    @property
    def probes(self) -> int:
        """The most probes that a model was asked for in the plain question."""
        return max((count.probes for key, count in self._counts.items() if key[2] == self.plain), default=0)

    @property
    def gallery(self) -> int:
        """The fewest posted pictures that a model had to go by in the plain question."""
        return min((number for key, number in self._gallery.items() if key[2] == self.plain), default=0)


def _question(row) -> Question:
    if row.setting == OPEN:
        return Question(false_accept_rate=row.false_accept_rate)
    return Question(rank=int(row.rank), distractors=row.distractors)


def _order(question: Question) -> tuple:
    return question.false_accept_rate is None, -(question.false_accept_rate or 0), question.distractors, question.rank


def _plain(questions: Sequence[Question]) -> Question:
    rates = [question for question in questions if question.false_accept_rate]
    if not rates:
        return questions[0]
    return min(rates, key=lambda question: abs(question.false_accept_rate / _PLAIN_FALSE_ACCEPT_RATE - 1))
