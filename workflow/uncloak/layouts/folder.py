"""A folder for each person."""

from uncloak.folders import files_in, folders_in


def people(root):
    """ROOT/IDENTITY/*"""
    for person in folders_in(root):
        yield person.name, person, files_in(person)
