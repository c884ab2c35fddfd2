"""Names of pictures: "identity/stem"."""


def identity_of(picture: str) -> str:
    """Return whose picture "identity/stem" is."""
    return picture.rpartition("/")[0]
