"""What an experiment is given to work on: its files, and what its record and the run say."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd

from uncloak.pictures.split import read_split
from uncloak.recognition.comparing import add_postings
from uncloak.recognition.comparisons import Comparisons, read_comparisons
from uncloak.recognition.dropping import without_dropped
from uncloak.recognition.embeddings import read_embeddings
from uncloak.recognition.flags import SCORE_COLUMNS
from uncloak.recognition.seen import Seen
from uncloak.tables import read_table


@dataclass(frozen=True)
class Recognized:
    """What a trainer recognizes the users by, and how they posted.

    Attributes:
        comparisons: distances of the extractor; what a defense drops from the gallery is infinitely far.
        attacks: attack -> the shares of a mixture (empty for any other attack).
        names: what a row says of it: dataset, extractor, defense and seed.
        second: distances of the second extractor that a defense asks, or None.
        answer: how such a defense combines the two, its `answer` with its options; or None.
        growth: where a defense lets the gallery grow, what is seen of the pictures, and how
            (`uncloak.recognition.growing`); or None.
    """

    comparisons: Comparisons
    attacks: Mapping[str, Mapping[str, float]]
    names: Mapping[str, Any]
    second: Comparisons | None = None
    answer: Any = None
    growth: Any = None


@dataclass(frozen=True)
class Given:
    """An experiment on a dataset, as its jobs meet it.

    Attributes:
        files: name -> paths, as the experiment's `files` or `drawn_from` gave them.
        told: what the plan tells the job; the keys below are always there.
    """

    files: Mapping[str, list[str]]
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dataset(self) -> str:
        return self.told["dataset"]

    @property
    def seed(self) -> int:
        return self.told["seed"]

    @property
    def options(self) -> SimpleNamespace:
        """The options of the record, by name."""
        return SimpleNamespace(**self.told["options"])

    def module(self, part: str) -> ModuleType:
        """The experiment's own `measure` or `figure`."""
        return import_module(f"uncloak.experiments.{self.told['method']}.{part}")

    def table(self, name: str = "table", *columns: str) -> pd.DataFrame:
        """The table among the files that has this name; where several have it, their rows.

        columns: those that are needed (`uncloak.tables.read_table`).

        Raises InputError where one cannot be read, or lacks a column.
        """
        return pd.concat([read_table(path, *columns) for path in self.files[name]], ignore_index=True)

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Its extractors whose clean error on the dataset is above the bound of their record -> this in words.

        Raises InputError where the table of bounds, which is there if any has one, cannot be read.
        """
        if "gate" not in self.files:
            return {}
        told = self.table("gate", "extractor", "extractor_label", "clean_error", "largest_clean_error", "enters")
        own = {name for *_, models in self.told["models"] for name in models}
        return {
            each.extractor: (
                f"{each.extractor_label}, clean error {each.clean_error:.1%} above {each.largest_clean_error:.1%}"
            )
            for each in told[~told["enters"] & told["extractor"].isin(own)].itertuples()
        }

    def standing(self, names: Iterable[str], there: Iterable[str]) -> list[str]:
        """Those of `names` that are `there`, where extractors are left out; else all, so that a gap is an error."""
        there = set(there)
        return [name for name in names if name in there or not self.left_out]

    def recognized(self) -> Iterator[Recognized]:
        """Read, one after the other, what each extractor with each defense recognizes by.

        Raises InputError where a file cannot be read.
        """
        files = {name: iter(paths) for name, paths in self.files.items()}
        for each in self.told["recognizers"]:
            names = {"dataset": self.dataset, "seed": self.seed, **{key: each[key] for key in ("extractor", "defense")}}
            postings, does = [tuple(posting) for posting in each["postings"]], each["does"] or {}
            method = import_module(f"uncloak.defenses.{does['method']}") if does else None
            options = method.Options(**does["options"]) if does else None
            hooks = {hook for hook in ("gallery", "growth", "answer") if hasattr(method, hook)}
            scores = [read_table(next(files["scores"]), *SCORE_COLUMNS) for _ in range(each["scores"])]
            found, growth = [], None
            for _ in range(1 + each["second"]):
                comparisons = read_comparisons(next(files["comparisons"]))
                perturbed = {posting: read_embeddings(next(files["posted"])) for posting in postings}
                comparisons = add_postings(comparisons, perturbed)
                if hooks & {"gallery", "growth"}:
                    clean, probing = (read_embeddings(next(files[name])) for name in ("clean", "probes"))
                    seen = Seen(clean, probing, perturbed, read_split(self.files["split"][0]))
                if "gallery" in hooks:
                    judge = partial(method.gallery, options=options)
                    comparisons = without_dropped(comparisons, seen, judge, scores)
                if "growth" in hooks:
                    growth = seen, method.growth(comparisons, options)
                found.append(comparisons)
            answer = (method.answer, options) if "answer" in hooks else None
            yield Recognized(found[0], each["attacks"], names, *found[1:], answer=answer, growth=growth)

    # Words of a figure

    @property
    def attacks(self) -> list[str]:
        """The attacks in the order of drawing, none at all first."""
        return ["none", *self.told["attacks"]]
