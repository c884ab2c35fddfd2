"""The audit of one person's own photographs: how it is made (`uncloak.audit`)."""

from typing import Any

from uncloak.records.base import AnyNames, Count, Name, Names, Record, field, listed


class CloakOnPhotographs(Record):
    """What an attack has otherwise when it cloaks real photographs."""

    surrogates: Names = field("Published extractors that it optimizes against, those of them that are at hand.")
    options: dict[str, Any] = field("Options of its method that differ.", {})


class Audit(Record):
    """How the audit of one person's photographs is made; which these are, `clean`, `cloaked` and others say."""

    extractors: Names | None = field(
        "Published extractors and black boxes that are asked, where they are at hand; all that are unless given.", None
    )
    channels: AnyNames = field("Channels through which posted photographs go, besides none.", ())
    defenses: AnyNames | None = field(
        "Defenses that treat scraped faces, besides none; those of `run` that do unless given.", None
    )
    unprotected: listed(int) = field(
        "Numbers of clean pictures posted beside the cloaked ones, besides none.", (1, 2, 5)
    )
    held_back: float = field(
        "Share of the clean pictures that are not posted and serve as probes, at least one, where there is no `later`.",
        0.3,
        gt=0,
        lt=1,
    )
    face_size: int = field("Side of the aligned faces.", 112, ge=32, le=4096, unit="pixels")
    margin: int = field("As of datasets.", 0, ge=0, le=112, unit="pixels of the 112 crop")
    minimum_face: Count = field("Smallest face looked for; in large photographs a 25th of the longer side.", 40)
    crowd_people: Count = field("Most people taken of a crowd.", 400)
    crowd_pictures: Count = field("Most pictures taken of each of them.", 3)
    cloaks: dict[Name, CloakOnPhotographs] = field(
        "Attacks that can cloak real photographs (`cloak`), and what they have otherwise then.", {}
    )
