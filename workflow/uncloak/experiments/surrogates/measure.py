"""Errors of nearest-neighbor recognition, as of the experiment `protection`."""

from uncloak.experiments.protection.measure import measure

__all__ = ["measure"]
