"""All pictures of one person, who has the name of the folder."""

from uncloak.folders import files_in


def people(root):
    """ROOT/*"""
    yield root.name, root, files_in(root)
