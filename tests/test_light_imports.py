"""Only jobs that compute with torch import it, which alone takes seconds: those of tables, figures and files do not."""

import ast
import json
import subprocess
import sys
from pathlib import Path

from uncloak.records import plugins

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
HEAVY = {
    *("audit_crowd", "audit_embeddings", "audit_faces"),
    *("align", "align_perturbed", "choose_targets", "embed", "embed_by_black_box", "end_to_end", "lpips"),
    *(
        "image_classifier",
        "import_extractor",
        "interpolate_extractor",
        "perturb",
        "perturb_photographs",
        "time_pictures",
    ),
    *("learn_purifier", "train_detector", "train_extractor"),
    *("transfer", "tune_robustly"),
}
# Parts of the work that could be asked for alone, besides what the scripts import.
LIGHT = (
    *("exchange.export", "exchange.external", "attacks.mixture", "attacks.merging", "attacks.preparation"),
    *("visibility.pictures", "visibility.users", "pictures.alignment", "pictures.channel", "pictures.manifest"),
    *("pictures.split", "recognition.intervals"),
    *("figures.timings", "tables", "experiments.averaging"),
    *("plan.checks", "plan.claims", "plan.classifiers", "plan.defenses", "plan.detection", "plan.targets"),
)
PACKAGE = Path(__file__).resolve().parents[1] / "workflow" / "uncloak"
# What jobs pick by name: experiments' parts, and defenses, but for those whose jobs train.
PICKED = [".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.glob("experiments/*/*.py")]
PICKED += [f"defenses.{name}" for name in plugins.names(plugins.DEFENSE) if name not in ("robust_training", "denoiser")]
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
    except ImportError:
        print(name)
"""


def imports_of(script: Path) -> str:
    """Return the import statements at the top of a script."""
    statements = ast.parse(script.read_text()).body
    return "\n".join(ast.unparse(each) for each in statements if isinstance(each, ast.Import | ast.ImportFrom))


def importing_torch(imports: dict[str, str]) -> set[str]:
    """Return the names of the import statements that reach torch, tried one after the other in one process."""
    command = [sys.executable, "-c", REFUSING_TORCH]
    done = subprocess.run(command, input=json.dumps(imports), capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_only_jobs_that_compute_with_torch_import_it():
    imports = {path.stem: imports_of(path) for path in SCRIPTS.glob("*.py")}
    assert all(imports.values())
    assert importing_torch(imports | {name: f"import uncloak.{name}" for name in (*LIGHT, *PICKED)}) == HEAVY
