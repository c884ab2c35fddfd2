"""Jobs that read tables, draw figures or move files start without torch, whose import alone takes seconds."""

import json
import re
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
LIGHT = (
    *("split", "quality_table", "transmit", "import_faces", "export_faces", "public_table"),
    *("compare", "recognize", "protection_table", "two_models", "collusion", "filtered", "linear"),
    *("protection_by_extractor", "protection_by_visibility", "protection_by_channel", "contact_sheet"),
    *("draw_adaptive", "draw_training_matrix", "draw_detection", "draw_unprotected", "draw_ranks"),
    *("draw_classifiers", "draw_systems", "draw_collusion", "games", "claims", "transfer_over_time"),
    *("picture_sample", "draw_objects"),
)
# What no script above imports, but a part of the work that could be asked for alone.
MODULES = (
    *("attacks.export", "attacks.external", "attacks.mixture", "attacks.merging", "attacks.preparation"),
    *("attacks.quality", "pictures.alignment", "pictures.channel", "pictures.manifest", "pictures.split"),
    *("defenses.detection_metrics", "figures.timings", "tables"),
)
REFUSING_TORCH = """
import json, sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision"):
            raise ImportError(f"{name} was imported")

sys.meta_path.insert(0, Refusal())
for name, imports in json.load(sys.stdin).items():
    try:
        exec(imports, {})
    except ImportError as error:
        print(f"{name}: {error}")
"""


def importing_torch(imports: dict[str, str]) -> list[str]:
    """Return those of the named import statements that reach torch, in a process of their own."""
    code = [sys.executable, "-c", REFUSING_TORCH]
    return subprocess.run(code, input=json.dumps(imports), capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )


def test_light_jobs_start_without_torch():
    sources = {name: (SCRIPTS / f"{name}.py").read_text() for name in LIGHT}
    imports = {
        name: "\n".join(re.findall(r"^(?:import|from) .*$", source, re.MULTILINE)) for name, source in sources.items()
    }
    imports |= {name: f"import uncloak.{name}" for name in MODULES}
    assert all(imports.values())
    heavy = {"embed": "from uncloak.extractors.embedding import embed"}
    assert importing_torch(imports | heavy) == ["embed: torch was imported"]
