"""Experiments: a question, what of the run it is asked of, and how it is answered (`uncloak.experiments`)."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag, ValidationInfo, field_validator

from uncloak.records import plugins
from uncloak.records.base import AnyNames, Name, Names, Record, Text, field

# The kind stands in pointed brackets in places of errors (`base.one_of`).
_Paper = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[dict[Name, Text], Tag("<by dataset>")],
    Discriminator(lambda value: "<by dataset>" if isinstance(value, dict) else "<text>"),
]


class Without(Record):
    """What of the run is left out, where the record does not name what it takes, unless nothing would be left."""

    extractors: AnyNames = field("Extractors left out.", ())
    attacks: AnyNames = field("Attacks left out.", ())


class Experiment(Record):
    """A question, and what of the run it is asked of: every extractor and attack, unless the record says otherwise."""

    method: Name = field("A folder of uncloak/experiments; the record's own name unless given.", "")
    title: Text | None = field("Title of the figure; the method's unless given.", None)
    paper: _Paper | None = field(
        "Figure of the ICLR 2022 paper that it corresponds to, such as Figure 4; or dataset -> figure.", None
    )
    datasets: AnyNames | None = field("Datasets of the run that it is made on; all where it can be unless given.", None)
    extractors: Names | None = field("Extractors asked of; those of the dataset unless given.", None)
    attacks: Names | None = field("Attacks asked of, of those run on the dataset; all unless given.", None)
    defenses: AnyNames = field("Defenses, beside none at all.", ())
    without: Without = field("What of the run is left out.", Without())
    options: Any = field("Options of the method.", {}, validate_default=True)

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        plugins.find(plugins.EXPERIMENT, method)
        return method

    @field_validator("options")
    @classmethod
    def _typed(cls, options: object, info: ValidationInfo) -> object:
        return plugins.read(plugins.EXPERIMENT, info.data["method"], options) if "method" in info.data else options
