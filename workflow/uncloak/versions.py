"""Versions of what a job runs with."""

from importlib.metadata import PackageNotFoundError, version


def installed(*packages: str) -> dict[str, str]:
    """Return the versions of those of the packages that are installed; jobs that do without torch may lack it."""
    return {name: found for name in packages if (found := _version(name))}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
