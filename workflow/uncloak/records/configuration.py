"""The whole configuration: what there is, and what of it is run."""

from typing import Any, Literal

from pydantic import PrivateAttr

from uncloak.records.attacks import AnyAttack, Channel
from uncloak.records.audit import Audit
from uncloak.records.base import AnyNames, Name, Names, Record, Text, field, listed
from uncloak.records.datasets import AnyDataset
from uncloak.records.defenses import Defense
from uncloak.records.detectors import Detector
from uncloak.records.experiments import Experiment
from uncloak.records.extractors import PRECISION, AnyExtractor, Precision
from uncloak.records.transfer import AnyImageClassifier, AnyObjects, Transfer


class Run(Record):
    """What `snakemake all` makes: names of records."""

    datasets: Names = field("Datasets evaluated.")
    extractors: Names = field("Extractors evaluated; figures sort them by release.")
    attacks: Names = field("Attacks evaluated.")
    channels: AnyNames = field(
        "Channels through which every attack's pictures, and the users' clean ones, are evaluated besides plain PNG.",
        (),
    )
    defenses: AnyNames = field("Defenses that the experiment `defenses` compares, beside none at all.", ())
    experiments: AnyNames | None = field("Experiments made; all that there are unless given.", None)


class Recognition(Record):
    """How faces are compared."""

    metric: Literal["euclidean", "cosine"] = field("Distance between embeddings; the paper's is euclidean.")


class Configuration(Record):
    """Uncloak's configuration."""

    seed: int = field("Every random choice of the experiment derives from it.", ge=0, lt=2**32)
    data: Text = field("Folder that the roots of folder datasets are relative to.")
    weights: Text = field("Folder with published weights.")
    precision: Precision = field(f"{PRECISION} Wherever a record has none of its own.")
    run: Run = field("What `snakemake all` makes.")
    datasets: dict[Name, AnyDataset] = field("Where pictures come from.")
    extractors: dict[Name, AnyExtractor] = field("Maps from faces to embeddings.")
    attacks: dict[Name, AnyAttack] = field("What a user does to pictures before posting them.")
    channels: dict[Name, Channel] = field("What happens to a posted picture before it is scraped.", {})
    shards: int = field("Jobs into which an attack's pictures are divided.", ge=1, le=1000)
    recognition: Recognition = field("How faces are compared.")
    objects: AnyObjects = field("Pictures to classify.")
    image_classifiers: dict[Name, AnyImageClassifier] = field("Classifiers of objects, dated by their papers.", {})
    transfer: Transfer = field("Adversarial examples made for old image classifiers, and whom they fool later.")
    detectors: dict[Name, Detector] = field("Classifiers that tell perturbed faces from clean ones.", {})
    defenses: dict[Name, Defense] = field("What the trainer does about cloaks.", {})
    experiments: dict[Name, Experiment] = field("Questions, and how they are answered.", {})
    clean: Text | int | None = field("`audit`: folder of one person's photographs as they were taken.", None)
    cloaked: Text | int | listed(Text, 1) | dict[Name, Text] | None = field(
        "`audit`: folder of the same photographs as they are posted, or several: A,B or a mapping of names of cloaks.",
        None,
    )
    cloak: Text | None = field("`audit`: instead, the name of an attack of ours that is to make them; or A,B.", None)
    later: Text | int | None = field(
        "`audit`: folder of clean photographs that were never posted; some of `clean` unless given.", None
    )
    crowd: Text | int | None = field(
        "`audit`: folder of other people's photographs, PERSON/FILE, among whom the person is looked for; none: among"
        " nobody. LFW unless given, where it is found below `data` or was fetched before.",
        None,
    )
    missing: Literal["unprotected", "drop"] = field(
        "`audit`: whether a photograph without a cloaked one counts as posted as it is, or not at all.", "unprotected"
    )
    audit_name: Name | None = field("`audit`: what its folder of results is called; as `clean` unless given.", None)
    audit: Audit = field("How the audit of one person's photographs is made.", Audit())

    _mapping: dict[str, Any] = PrivateAttr(default_factory=dict)

    def as_mapping(self) -> dict[str, Any]:
        """Return the configuration as plain mappings, lists and values, filled, with the keys that it was read with."""
        return self._mapping
