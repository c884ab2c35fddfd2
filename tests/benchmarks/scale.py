"""Time and peak memory by rule at FaceScrub's scale, and with a million distractors, of all that does not train.

Faces are noise around a picture of each person, extractors networks of two layers with random weights, attacks take two
steps, so rates mean nothing; the rules, their files and their sizes are real, and so is what they cost beside networks
and faces of a real size.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import yaml
from onnx import TensorProto, helper, numpy_helper

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "workflow"))

from uncloak.pictures.split import split as draw_split  # noqa: E402
from uncloak.pictures.split import write_split  # noqa: E402
from uncloak.pictures.views import View  # noqa: E402
from uncloak.store import read_arrays, write_arrays  # noqa: E402
from uncloak.tables import write_table  # noqa: E402

EXPERIMENTS = ("protection", "ranks", "open_set")
POSTED = ("net_fawkes", "net_lowkey")
_SMALL = 8  # pixels of faces that no network sees


class Noise(View):
    """Rows [N,...] of a shape and type, made when they are asked for: each person's pattern, and noise.

    They are faces (uint8) or embeddings (float32).
    """

    def __init__(self, people: np.ndarray, shape: tuple[int, ...], dtype: type):
        self.shape, self.dtype, self._people = (len(people), *shape), np.dtype(dtype), people
        random = np.random.default_rng(0)
        self._noise, self._person = (random.integers(0, 120, (count, *shape)).astype(dtype) for count in (1021, 1031))

    def read(self, rows: np.ndarray) -> np.ndarray:
        people = self._people[rows]
        # Two of a prime number of patterns, so that a million people differ.
        person = self._person[people % 1031] // 2 + self._person[people // 1031 % 1031] // 2
        return person + self._noise[rows % 1021]


def write_embeddings(folder: Path, dataset: str, extractors: int, dimensions: int, posted: int):
    """Write made-up embeddings of a dataset's clean faces, and of the first of them as if they were posted."""
    root = folder / "results" / dataset
    (names,) = read_arrays(root / "faces.h5", "picture")
    people = np.array([int(name.partition("/")[0]) for name in names])
    for number in range(extractors):
        if (root / "embeddings" / f"net_{number}" / f"{POSTED[-1]}.h5").exists():
            continue
        for posting in ("clean", *POSTED):
            rows = slice(None if posting == "clean" else posted)
            made = {"embedding": Noise(people[rows], (dimensions,), np.float32), "picture": names[rows]}
            write_arrays(root / "embeddings" / f"net_{number}" / f"{posting}.h5", made, {})


def write_network(path: Path, seed: int, size: int, dimensions: int) -> str:
    """Write a convolution and a linear layer with random weights as ONNX; return the file's hash."""
    random, places = np.random.default_rng(seed), size // 8
    weights = {
        "kernel": random.standard_normal((16, 3, 8, 8)) / 14,
        "linear": random.standard_normal((dimensions, 16 * places**2)) / np.sqrt(16 * places**2),
    }
    nodes = [
        helper.make_node("Conv", ["faces", "kernel"], ["maps"], strides=[8, 8]),
        helper.make_node("Relu", ["maps"], ["positive"]),
        helper.make_node("Flatten", ["positive"], ["row"]),
        helper.make_node("Gemm", ["row", "linear"], ["embedding"], transB=1),
    ]
    shapes = {"faces": ["N", 3, size, size], "embedding": ["N", dimensions]}
    given, found = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    stored = [numpy_helper.from_array(np.float32(values), name) for name, values in weights.items()]
    graph = helper.make_graph(nodes, "two_layers", [given], [found], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_world(folder: Path, dataset: str, people: int, pictures: int, distractors: int, size: int) -> dict:
    """Write a dataset as if its photographs had been found and aligned; return its record."""
    owners = np.append(np.repeat(np.arange(people), pictures), people + np.arange(distractors) // 2)
    names = np.char.add(np.char.mod("%07d/", owners), np.char.mod("%07d", np.arange(len(owners))))
    manifest = pd.DataFrame({"picture": names, "identity": [name.partition("/")[0] for name in names]})
    manifest = manifest.assign(path=manifest["picture"] + ".png", sha256="0" * 64, width=size, height=size)
    root = folder / "results" / dataset
    (folder / "photographs").mkdir(parents=True, exist_ok=True)
    write_table(manifest, root / "manifest.csv")
    rejected = pd.DataFrame(columns=["picture", "path", "reason"])
    write_table(rejected, root / "rejected_pictures.csv")
    faces = {"faces": Noise(owners, (size, size, 3), np.uint8), "picture": names}
    landmarks = np.zeros((len(owners), 5, 2), np.float32)
    write_arrays(root / "faces.h5", {**faces, "landmarks": landmarks}, {"recipe": "noise", "margin": 0})
    write_table(rejected, root / "rejected.csv")
    roles = {"user": 20, "public": people // 2}
    if distractors:
        # By name, as a folder of them is; the rule would draw them by lot.
        strangers = np.unique(manifest["identity"])[people:].tolist()
        table, _ = draw_split(names, roles, seed=1, distractors=strangers, minimum_user_pictures=min(40, pictures))
        write_split(table, root / "split.csv")
    split = {
        "gallery": 0.7,
        "too_few": "error",
        "minimum_pictures": 2,
        "user_minimum_pictures": min(40, pictures),
        "roles": roles,
    }
    record = {
        "label": dataset,
        "source": "folder",
        "root": "photographs",
        "layout": "person",
        "face_size": max(size, 32),  # the least that a record may say
        "minimum_size": 1,
    }
    return {**record, "alignment": {"face_detector": "none"}, "split": split}


def configuration(folder: Path, options: argparse.Namespace) -> Path:
    """Write the faces, the networks and an overlay that runs them."""
    networks, folder = {}, folder.resolve()
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    read = {"template": "arcface", "mean": [0.5] * 3, "std": [0.5] * 3, "color": "rgb"}
    for number in range(options.extractors):
        digits = write_network(folder / "weights" / f"{number}.onnx", number, options.size, options.dimensions)
        networks[f"net_{number}"] = {
            "label": f"network {number}",
            "released": f"20{10 + number}-01-01",
            "released_source": "made up",
            "recipe": "import",
            "network": {"name": "onnx"},
            "input": {**read, "size": [options.size] * 2},
            "weights": {"file": f"{number}.onnx", "sha256": digits, "format": "onnx", "origin": "made up"},
        }
    sizes = options.people, options.pictures
    worlds = {"scrub": write_world(folder, "scrub", *sizes, 0, options.size)}
    if options.distractors:
        crowd = write_world(folder, "crowd", *sizes, options.distractors, _SMALL)
        worlds["crowd"] = {**crowd, "extractors": list(networks)[: options.crowded], "attacks": [*POSTED, "net_half"]}
    attack = {"released": "2021-01-01", "released_source": "made up", "surrogates": ["net_0", "net_1"]}
    lowkey = {"steps": 2, "perceptual": "dssim", "perceptual_weight": 0.05}
    overlay = {
        "run": {
            **{"datasets": list(worlds), "extractors": list(networks), "attacks": [*POSTED, "net_half"]},
            **{"defenses": ["two_means"], "experiments": list(EXPERIMENTS)},
        },
        "datasets": worlds,
        "extractors": networks,
        "attacks": {
            "net_fawkes": {**attack, "label": "Fawkes", "method": "fawkes_v10", "options": {"mode": "low", "steps": 2}},
            "net_lowkey": {**attack, "label": "LowKey", "method": "lowkey", "options": lowkey},
            "net_half": {
                **{key: attack[key] for key in ("released", "released_source")},
                **{"label": "half", "method": "mixture", "shares": {"net_fawkes": 0.5, "net_lowkey": 0.5}},
            },
        },
        "experiments": {name: {"datasets": list(worlds), "without": {}} for name in EXPERIMENTS},
        "transfer": {"image_classifiers": []},
        **{"data": str(folder), "weights": str(folder / "weights")},
    }
    path = folder / "scale.yaml"
    path.write_text(yaml.safe_dump(overlay, sort_keys=False))
    return path


def measured(folder: Path) -> pd.DataFrame:
    """Return jobs, CPU seconds together, and the longest and the largest job, by dataset and rule."""
    rows = []
    for path in sorted((folder / "benchmarks").rglob("*.tsv")):
        rule, *names = path.relative_to(folder / "benchmarks").with_suffix("").parts
        table = pd.read_csv(path, sep="\t", na_values="-")
        dataset = names[0] if names and names[0] in ("scrub", "crowd") else ""
        rows.append((dataset, rule, table["cpu_time"].sum(), table["s"].sum(), table["max_rss"].max()))
    columns = ["dataset", "rule", "CPU s", "longest s", "peak MB"]
    groups = pd.DataFrame(rows, columns=columns).groupby(["dataset", "rule"])
    counted = {"jobs": ("rule", "size"), "CPU s": ("CPU s", "sum")}
    largest = {name: (name, "max") for name in columns[3:]}
    return groups.agg(**counted, **largest).round(1).reset_index()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to work; several gigabytes")
    parser.add_argument("--people", type=int, default=530)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--extractors", type=int, default=7)
    parser.add_argument(
        "--distractors",
        type=int,
        default=0,
        help="their pictures, two of a person; with them nothing else is made",
    )
    parser.add_argument("--crowded", type=int, default=1, help="extractors that see the distractors, too")
    parser.add_argument("--size", type=int, default=32, help="of faces, in pixels, a multiple of 8")
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--keep-going", action="store_true", help="with the faces that are there")
    options = parser.parse_args()
    overlay = options.folder.resolve() / "scale.yaml"
    if not (options.keep_going and overlay.exists()):
        overlay = configuration(options.folder, options)
    command = [sys.executable, "-m", "snakemake", "-s", REPOSITORY / "Snakefile", "--directory", options.folder]
    command += ["--cores", options.cores, "--rerun-triggers", "mtime", "--configfile", overlay, "--quiet", "--"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def make(*targets: str):
        subprocess.run(list(map(str, [*command, *targets])), env=environment, check=True)

    if options.distractors:
        # Embeddings that are there, and newer than what they would be made of, are not made.
        networks = [f"results/extractors/net_{number}.safetensors" for number in range(options.crowded)]
        make(*networks, "results/crowd/roles/user.csv")
        write_embeddings(
            options.folder, "crowd", options.crowded, options.dimensions, options.people * options.pictures
        )
        make(*(f"results/crowd/tables/{name}.csv" for name in reversed(EXPERIMENTS)))
    else:
        drawn = [f"results/scrub/figures/{name}.html" for name in EXPERIMENTS[1:]]
        make("results/scrub/perturbed/net_lowkey.jpeg75.h5", "results/scrub/tables/protection.csv", *drawn)
    print(measured(options.folder).to_string(index=False))


if __name__ == "__main__":
    main()
