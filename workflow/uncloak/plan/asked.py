"""An experiment asked of a dataset: what of the run it takes, and from which files.

The folders of `uncloak.experiments` say in their `__init__` what is special about each; see there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

from uncloak import paths
from uncloak.errors import InputError
from uncloak.plan import attacks, datasets, defenses, evaluated, extractors, recognition
from uncloak.plan.defenses import NONE, Recognizer
from uncloak.plan.records import repeats

# The experiment whose table says which extractors' numbers enter those of others.
GATE = "extractors"
# Hooks whose functions are called while users are recognized.
_AT_RECOGNITION = {"gallery", "growth", "answer"}


@dataclass(frozen=True)
class Asked:
    """An experiment of the configuration, asked of a dataset of the run."""

    config: Mapping
    experiment: str
    dataset: str

    @property
    def record(self) -> Mapping:
        return self.config["experiments"][self.experiment]

    @cached_property
    def module(self) -> ModuleType:
        name = f"uncloak.experiments.{self.record['method']}"
        try:
            return import_module(name)
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise InputError(f"{name}: cannot be imported ({reason}); mend its __init__.py") from None

    @cached_property
    def options(self) -> Any:
        """The options, typed, also those that the record leaves to the method; None where it has none."""
        declared = getattr(self.module, "Options", None)
        return declared(**self.record.get("options", {})) if declared else None

    def about(self, name: str, default: Any = None) -> Any:
        """What the experiment's folder says of it."""
        return getattr(self.module, name, default)

    @property
    def title(self) -> str:
        return self.record.get("title", self.module.TITLE)

    @property
    def paper(self) -> str:
        """The figure of the paper that this corresponds to; empty where to none."""
        paper = self.record.get("paper", "")
        return paper.get(self.dataset, "") if isinstance(paper, Mapping) else paper

    @cached_property
    def extractors(self) -> list[str]:
        """Those that the record names, or all of the dataset but those left out; raw pixels where they are drawn."""
        if "extractors" in self.record:
            return self.record["extractors"]
        every = evaluated.extractors_of(self.config, self.dataset)
        if not self.about("PIXELS", False):
            every = [name for name in every if not evaluated.is_pixels(self.config, name)] or every
        return self._but(every, "extractors")

    @cached_property
    def attacks(self) -> list[str]:
        """Those that the record names, or all of the dataset but those left out; of them, those that are run on it."""
        run = evaluated.attacks_of(self.config, self.dataset)
        if "attacks" not in self.record:
            return self._but(run, "attacks")
        named = self.record["attacks"]
        return named if self.about("OWN_ATTACKS", False) else [name for name in named if name in run]

    def _but(self, every: list[str], kind: str) -> list[str]:
        left_out = self.record.get("without", {}).get(kind, [])
        return [name for name in every if name not in left_out] or every

    @property
    def defenses(self) -> list[str]:
        """None at all, and those that the record names, or those of the run where the experiment compares them."""
        every = self.config["run"]["defenses"] if self.about("RUN_DEFENSES", False) else []
        return [NONE, *self.record.get("defenses", every)]

    @property
    def channels(self) -> list[str]:
        return evaluated.channels(self.config) if self.about("CHANNELS", False) else []

    @cached_property
    def recognizers(self) -> list[Recognizer]:
        """The extractors with each of the defenses, where it is one for them."""
        pairs = [(extractor, defense) for extractor in self._measured("extractors") for defense in self.defenses]
        found = [each for pair in pairs if (each := defenses.recognizer(self.config, *pair))]
        return self.about("recognizers", lambda _, found: found)(self, found)

    def attacks_on(self, recognizer: Recognizer) -> list[str]:
        """The attacks that could fool an extractor: raw pixels are the floor of the clean error."""
        if recognizer.extractor in self.repeats("extractors"):
            return self.attacks  # one thing at a time
        return [] if evaluated.is_pixels(self.config, recognizer.extractor) else self._measured("attacks")

    def _measured(self, kind: str) -> list[str]:
        """What is drawn; where the table holds everything, what else there is on the dataset, too."""
        drawn, of_dataset = {
            "extractors": (self.extractors, evaluated.extractors_of),
            "attacks": (self.attacks, evaluated.attacks_of),
        }[kind]
        every = of_dataset(self.config, self.dataset) if self.about("WHOLE_TABLE", False) else []
        names = list(dict.fromkeys([*every, *drawn]))
        return [*names, *self.repeats(kind)] if self.about("REPEATS", False) else names

    def repeats(self, kind: str) -> dict[str, tuple[str, int]]:
        """What makes its extractors or attacks anew by other seeds -> which one, and by which seed."""
        if self.dataset in datasets.split_anew(self.config):
            return {}  # one thing at a time
        return {
            again: (name, seed)
            for name in getattr(self, kind)
            for again, seed in repeats(self.config, kind, name).items()
        }

    def pooled(self) -> dict[str, int]:
        """The datasets whose errors are averaged together: itself, and what its seeds split anew; and these seeds."""
        if not self.about("REPEATS", False):
            return {self.dataset: datasets.seed(self.config, self.dataset)}
        first = datasets.pictures_of(self.config, self.dataset)
        return {first: datasets.seed(self.config, first), **repeats(self.config, "datasets", first)}

    # Files

    def files(self) -> dict[str, list[str]]:
        """What is measured; the distances of its recognizers unless the experiment says otherwise."""
        return self.about("files", Asked.recognition)(self)

    def drawn_from(self) -> dict[str, list[str]]:
        """What is drawn; its table unless the experiment says otherwise."""
        return self.about("drawn_from", lambda asked: {"table": [asked.table()]})(self)

    def table(self, experiment: str | None = None) -> str:
        """The table of an experiment, this one's unless named, on the same dataset."""
        return paths.fill(paths.TABLE, dataset=self.dataset, experiment=experiment or self.experiment)

    def recognition(self) -> dict[str, list[str]]:
        """Distances of the recognizers, and posted pictures as they see them."""
        keys = ("comparisons", "posted", "clean", "probes", "scores", "split")
        found: dict[str, list[str]] = {key: [] for key in keys}
        for each in self.recognizers:
            for embedder in each.models:
                found["comparisons"].append(recognition.comparisons(self.dataset, embedder, each.treated))
                found["posted"] += [
                    recognition.embeddings(self.dataset, embedder, posting + each.scraped)
                    for posting in self._postings(each)
                ]
                if self._changes_gallery(each):
                    seen = recognition.compared(self.config, self.dataset, embedder, each.treated)
                    found["clean"].append(seen["gallery"])
                    found["probes"].append(seen["probes"])
            if self._changes_gallery(each):
                found["scores"] += self._scores(each)
                found["split"] = [paths.fill(paths.SPLIT, dataset=self.dataset)]
        return {name: files for name, files in found.items() if files}

    def _postings(self, recognizer: Recognizer) -> dict[str, tuple[str, str]]:
        # Detectors score pictures as they are posted, through no channel.
        channels = [] if self._scores(recognizer) else self.channels
        return recognition.postings(self.config, self.attacks_on(recognizer), channels)

    def _changes_gallery(self, recognizer: Recognizer) -> bool:
        """Whether a defense drops faces of the gallery or adds some, so that it looks at embeddings."""
        return bool({"gallery", "growth"} & set(self._hooks(recognizer)))

    def _scores(self, recognizer: Recognizer) -> list[str]:
        """What the detectors of a defense say, if it drops faces and asks some."""
        drops = "gallery" in self._hooks(recognizer)
        return defenses.scores(self.config, self.dataset, recognizer.defense) if drops else []

    def _hooks(self, recognizer: Recognizer) -> tuple[str, ...]:
        return () if recognizer.defense == NONE else defenses.hooks(self.config, recognizer.defense)

    # Which extractors' numbers are shown, and which are marked

    def gated(self) -> dict[str, list[str]]:
        """Where the clean errors stand by which extractors of its table are left out, if any has a bound."""
        return self._gate(self.recognizers if self.about("LABELED", True) else [])

    def drawn_gated(self) -> dict[str, list[str]]:
        """The same of its figure."""
        return self._gate(self._drawn())

    def _gate(self, recognizers: list[Recognizer]) -> dict[str, list[str]]:
        return {"gate": [self.table(GATE)]} if self.bounded(recognizers) else {}

    def bounded(self, recognizers: list[Recognizer]) -> bool:
        """Whether the numbers of one of them may be left out of tables."""
        names = {name for each in recognizers for name in each.models}
        return any(extractors.bound(self.config, name) is not None for name in names)

    def _drawn(self) -> list[Recognizer]:
        """The recognizers in its figure; none where it shows none."""
        shown = self.about("shown", lambda asked: {})(self).get("extractors", self.extractors)
        whole = self.about("WHOLE_TABLE", False)
        return [each for each in self.recognizers if shown and (not whole or each.extractor in shown)]

    def marked(self) -> dict[str, list[str]]:
        """Label of each extractor in its figure that saw people of the dataset -> the data sets with these people."""
        models = dict.fromkeys(name for each in self._drawn() for name in each.models)
        saw = {name: extractors.saw_people(self.config, name, self.dataset) for name in models}
        return {self.config["extractors"][name]["label"]: sets for name, sets in saw.items() if sets}

    # How much its attacks show

    def visible(self) -> list[str]:
        """The drawn attacks of which the figure says how much they show; a mixture shows what its attacks do."""
        if not self._drawn() or not datasets.shows_visibility(self.config, self.dataset):
            return []
        # What an experiment has files of its own for may be no users' pictures, where the run has none.
        run = evaluated.attacks_of(self.config, self.dataset)
        own = self.attacks if self.about("USERS_PICTURES", not self.about("files")) else []
        mixed = attacks.mixtures(self.config)
        return [name for name in self.attacks if name in (*run, *own) and name not in mixed]

    def drawn_visible(self) -> dict[str, list[str]]:
        """Where that stands."""
        return {"visible": files} if (files := attacks.perturbed(self.dataset, self.visible())) else {}

    # What jobs are told

    def told(self) -> dict:
        """What the job that measures is told."""
        of_its_own = self.about("told", lambda asked: {})(self)
        return {**self._named(), "recognizers": [self._recognizer(each) for each in self.recognizers], **of_its_own}

    def _recognizer(self, each: Recognizer) -> dict:
        return {
            "extractor": each.extractor,
            "defense": each.defense,
            "postings": list(self._postings(each).values()),
            "attacks": recognition.shares_of(self.config, self.attacks_on(each)),
            # What treats faces or tunes extractors has done so, and may import torch.
            "does": defenses.described(self.config, each.defense) if self._works(each) else None,
            "second": each.second is not None,
            "scores": len(self._scores(each)),
        }

    def _works(self, recognizer: Recognizer) -> bool:
        """Whether a defense has something to do while users are recognized."""
        return bool(_AT_RECOGNITION & set(self._hooks(recognizer)))

    def labels(self) -> dict:
        """What the job that averages is told: what its rows are about."""
        labeled = self.about("LABELED", True)
        named = self._measured("attacks")
        about = recognition.described(self.config, self.dataset, self.recognizers, named) if labeled else {}
        models = {name for each in self.recognizers for name in each.models}
        return {
            **self._named(),
            "models": _models(self.recognizers),
            "saw_people": sorted(name for name in models if extractors.saw_people(self.config, name, self.dataset)),
            **about,
            **self.about("labels", lambda asked: {})(self),
        }

    def words(self) -> dict:
        """What the job that draws is told: names, in the order of drawing, and what figure and caption say."""
        record = self.config["datasets"][self.dataset]
        return {
            **self._named(),
            "title": self.title,
            "paper": self.paper,
            "dataset_label": record["label"],
            "attacks": {name: self.config["attacks"][name]["label"] for name in self.attacks},
            "extractors": self.extractors,
            "defenses": {name: self.config["defenses"][name]["label"] for name in self.defenses if name != NONE},
            "models": _models(self._drawn()),
            "marked": self.marked(),
            "visible": [self.config["attacks"][name]["label"] for name in self.visible()],
            **self.about("shown", lambda asked: {})(self),
        }

    def _named(self) -> dict:
        return {
            "experiment": self.experiment,
            "method": self.record["method"],
            "dataset": self.dataset,
            "seed": self.config["seed"],
            "options": asdict(self.options) if self.options else {},
        }

    def modules(self, part: str) -> list[str]:
        """The modules that a job picks at run time: the experiment's own part, and what its defenses do."""
        own = [f"{self.module.__name__}.{part}"]
        used = {each.defense for each in self.recognizers} - {NONE}
        hooked = [name for name in used if set(defenses.hooks(self.config, name)) & _AT_RECOGNITION]
        return own + sorted({defenses.module(self.config, name) for name in hooked} if part == "measure" else ())


def _models(recognizers: list[Recognizer]) -> list[list]:
    """Extractor, defense, and the extractors that answer."""
    return [[each.extractor, each.defense, each.models] for each in recognizers]
