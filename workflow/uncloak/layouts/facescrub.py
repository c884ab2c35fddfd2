"""FaceScrub's: pictures in a folder `face` of each person's folder."""

import os

from uncloak.folders import files_in, folders_in


def people(root):
    """ROOT/IDENTITY/face/*"""
    for person in folders_in(root):
        place = person / "face"
        yield person.name, place, files_in(place) if os.path.isdir(place) else []
