"""Remove all that an audit has made of a person's photographs, and what Snakemake has written down of it."""

import base64
import shutil
from pathlib import Path

from uncloak.jobs import started

from uncloak import paths
from uncloak.audit.reporting import holds_any

with started(snakemake) as job:
    folder = Path(paths.fill(paths.AUDIT, audit=job.params.name))
    faces = Path(paths.fill(paths.AUDIT_FACES, audit=job.params.name))
    for crowd in Path().glob(paths.fill(paths.CROWD_FACES, crowd="*")):
        if faces.exists() and holds_any(crowd, faces):  # the person was in it, too
            shutil.rmtree(crowd.parent)
    print(f"{folder}: removed" if folder.exists() else f"{folder}: there is no such audit")
    shutil.rmtree(folder, ignore_errors=True)
    for path in Path(".snakemake/metadata").rglob("*"):
        if path.is_file() and base64.b64decode(path.name, validate=False).startswith(f"{folder}/".encode()):
            path.unlink()
    for path in Path(".snakemake/log").glob("*.log"):
        if str(folder) in path.read_text(encoding="utf-8", errors="replace"):
            path.unlink()
