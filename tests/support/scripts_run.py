"""Scripts of rules, run with jobs that are written out instead of Snakemake's."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"
_DRIVER = """
import json, runpy, sys
from types import SimpleNamespace

class Files(list):
    def __init__(self, files):
        named = files if isinstance(files, dict) else {}
        listed = [each if isinstance(each, list) else [each] for each in named.values() or files]
        super().__init__(sum(listed, []))
        vars(self).update(named)

    def get(self, name, default=None):
        return vars(self).get(name, default)

    def items(self):
        return vars(self).items()

for script, job in json.load(sys.stdin):
    job = {name: Files(v) if name in ("input", "output") else SimpleNamespace(**v) if isinstance(v, dict) else v
           for name, v in job.items()}
    runpy.run_path(script, init_globals={"snakemake": SimpleNamespace(threads=1, **job)})
"""


def run_scripts(folder: Path, jobs: list) -> None:
    """Run (script, job) one after the other in one process, whose log goes to `folder`; each must succeed."""
    text = json.dumps(
        [[str(SCRIPTS / f"{script}.py"), {"log": [str(folder / "log")], **job}] for script, job in jobs], default=str
    )
    done = subprocess.run([sys.executable, "-c", _DRIVER], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
