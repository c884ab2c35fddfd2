"""Write the reference of the configuration anew: `python -m uncloak.records`, in a checkout."""

from pathlib import Path

from uncloak.records.reference import for_editors, page

SCHEMA, PAGE = "workflow/schemas/config.schema.json", "docs/configuration.md"


def main(checkout: Path) -> None:
    """Write both files below `checkout`."""
    for name, text in ((SCHEMA, for_editors()), (PAGE, page())):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(__file__).resolve().parents[3])
