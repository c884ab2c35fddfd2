"""Whose pictures are perturbed: the users', or those of people in another role, which the trainer perturbs to learn."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.errors import InputError


def whose(config: Mapping, dataset: str, attack: str, role: str = "user") -> dict:
    """The role whose pictures are perturbed, of how many people, and how many of each, if not all."""
    record = config["datasets"][dataset].get("perturb", {}).get(role, {})
    identities = record.get("identities", {}).get(attack)
    return {"role": role, "identities": identities, "pictures": record.get("pictures")}


def listed(config: Mapping, dataset: str, role: str = "user") -> str:
    """The table of the people in a role: what depends on nobody else's pictures takes it instead of the split."""
    return paths.fill(paths.ROLE, dataset=dataset, role=role)


def perturbed_others(config: Mapping, dataset: str, role: str, attack: str) -> list[str]:
    """Files with the faces of a role perturbed by an attack.

    Raises InputError where the dataset does not say that they are to be perturbed.
    """
    records = config["datasets"][dataset].get("perturb", {})
    if role not in records:
        raise InputError(
            f"config: datasets.{dataset}.perturb: has no record '{role}', whose faces are to be perturbed by {attack};"
            " add one, or leave out what learns from them"
        )
    shards = records[role].get("shards", 1)
    return [
        paths.fill(paths.SHARD_OF_OTHERS, dataset=dataset, role=role, attack=attack, scatteritem=f"{shard}-of-{shards}")
        for shard in range(1, shards + 1)
    ]
