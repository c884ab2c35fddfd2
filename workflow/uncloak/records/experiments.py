"""Experiments of the ICLR 2022 paper beyond protection by extractor, and figures of protection by extractor.

Each runs on those of its datasets that run.datasets names. Of extractors and attacks it takes all of the run, unless
its record names some or leaves some out (`without`).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from uncloak.records.base import AnyNames, Count, Name, Names, Positive, Record, Share, Text, field, listed, unique
from uncloak.records.extractors import PRECISION, Precision


class Without(Record):
    """What of the run is left out, where the record does not name what it takes, unless nothing would be left."""

    extractors: AnyNames = field("Extractors left out.", ())
    attacks: AnyNames = field("Attacks left out.", ())


class Experiment(Record):
    """What every experiment has."""

    datasets: AnyNames = field("Datasets that it is made on, of those that are run.")


class Adaptive(Experiment):
    """Robust training (Figure 2, Table 1), and what training on one attack does for another."""

    base: Name = field("Extractor before robust training.")
    robust: Name = field("The same extractor, tuned on all attacks together.")
    trained_on: dict[Name, Name] = field("Attack -> the same extractor, tuned on this attack alone.", {})
    attacks: Names | None = field("Attacks tested; all of the run unless given.", None)
    without: Without = field("What of the run is left out.", Without())


class Detection(Experiment):
    """Detectors of perturbed faces (Tables 2 and 3), also as a defense that drops what they flag."""

    detectors: Names = field("Detectors trained.")
    attacks: Names = field("Attacks tested.")
    threshold: float = field("Score from which a face is flagged.", gt=0, lt=1)


class Unprotected(Experiment):
    """Users who leave some pictures unprotected (Figure 7)."""

    extractors: Names | None = field("Extractors drawn; all of the run but pixels unless given.", None)
    attacks: Names | None = field("Attacks drawn; all of the run unless given.", None)
    without: Without = field("What of the run is left out.", Without())
    pictures: Annotated[listed(Annotated[int, Field(ge=0)], 1), AfterValidator(unique)] = field(
        "Numbers of unprotected pictures."
    )
    posted: Annotated[listed(Count), AfterValidator(unique)] = field("Pictures posted, besides the whole gallery.")
    choices: Count = field("Random choices of the unprotected pictures that are averaged.")


class Ranks(Experiment):
    """The user among the k nearest, and at a fixed false-accept rate (section 4)."""

    extractors: Names | None = field("Extractors drawn; all of the run but pixels unless given.", None)
    attacks: Names | None = field("Attacks drawn; all of the run unless given.", None)
    without: Without = field("What of the run is left out.", Without())


class EndToEnd(Record):
    """How classifiers are tuned end to end."""

    users: Count = field("Users who attack, the first of a seeded order: each costs a training.")
    iterations: Count = field("Batches learned; the paper: 5000.")
    robust_start: Literal["extractor", "robust"] = field(
        "Where robust training starts from: the plain extractor, as in the paper; or the robust one, where the"
        " iterations are too few to learn from the public pairs.",
        "extractor",
    )
    optimizer: Literal["adamw", "adadelta"] = field("The paper: adadelta.", "adamw")
    learning_rate: Positive = field("The paper: 1.", 3e-4)
    decay: bool = field("Whether the rate falls to zero; the paper: false.", True)
    warm_up: Share = field("Share of the iterations.", 0.08)
    batch: int = field("Pictures in a batch.", 32, ge=2, le=10**6)
    precision: Precision | None = field(f"{PRECISION} The configuration's unless given.", None)


class Classifiers(Experiment):
    """Linear and end-to-end classifiers (Figure 9), with and without robust training."""

    extractor: Name = field("The plain extractor.")
    robust: Name = field("The robustly trained extractor, for the linear classifier and nearest neighbors.")
    attacks: Names | None = field("Attacks tested; all of the run unless given.", None)
    without: Without = field("What of the run is left out.", Without())
    end_to_end: EndToEnd = field("How classifiers are tuned end to end.")


class System(Record):
    """Two extractors together."""

    label: Text = field("Name in figures.")
    accurate: Name = field("Extractor asked first.")
    robust: Name = field("Extractor asked too (top 2) or where the first is not confident.")


class Systems(Experiment):
    """An accurate and a robust extractor together (Figures 6 and 12)."""

    share: float = field("Less than this share of other people's clean probes goes to both models.", gt=0, le=1)
    systems: dict[Name, System] = field("Name -> two extractors together.")


class Collusion(Experiment):
    """Users who aim at each other against confidence thresholding (Appendix D), and the detector's answer."""

    systems: dict[Name, System] = field("Name -> two extractors together.")
    attacks: Names = field("Untargeted and colluding ones, posted by all users at once.")


class Games(Experiment):
    """The security games of section 2.2, played over the measured protection rates (Figure 8)."""

    margin: Share = field("The trainer wins a round at most so far above the clean error.")
    users: dict[Text, Names] = field(
        "Title -> the attacks that this user takes up, each on the day of its release.", min_length=1
    )


class Counterpart(Record):
    """What of ours stands beside a published name."""

    ours: Name = field("Our name.")
    differs: str = field("How ours differs.")


class Counterparts(Record):
    """Published name -> our name, and how ours differs."""

    dataset: dict[Text, Counterpart] = field("Datasets; or transfer.")
    attack: dict[Text, Counterpart] = field("Attacks; or transferred.")
    extractor: dict[Text, Counterpart] = field("Extractors, systems, detectors, and image classifiers.")


class Claims(Experiment):
    """Published numbers (resources/published) beside ours."""

    published: listed(Text, 1) = field("Files in resources/published, in the order of drawing.")
    counterparts: Counterparts = field("Published name -> our name, and how ours differs.")


class Experiments(Record):
    """The experiments; one that is struck out (`null`) is not made."""

    adaptive: Adaptive | None = field("Robust training.", None)
    detection: Detection | None = field("Detectors of perturbed faces.", None)
    unprotected: Unprotected | None = field("Users who leave some pictures unprotected.", None)
    ranks: Ranks | None = field("The user among the k nearest.", None)
    classifiers: Classifiers | None = field("Linear and end-to-end classifiers.", None)
    systems: Systems | None = field("Two extractors together.", None)
    collusion: Collusion | None = field("Users who aim at each other.", None)
    games: Games | None = field("The security games.", None)
    claims: Claims | None = field("Published numbers beside ours.", None)


class Figure(Record):
    """A figure of protection by extractor."""

    title: Text = field("Title of the figure.")
    datasets: AnyNames | None = field("Datasets that it is drawn of; all of the run unless given.", None)
    attacks: Names | None = field("Attacks drawn, of those that are run; all unless given.", None)
    extractors: Names | None = field("Extractors drawn, of those that are run; all unless given.", None)
    without: Without = field("What of the run is left out.", Without())
    paper: str = field("The figure of the ICLR 2022 paper that it corresponds to; empty where to none.", "")
