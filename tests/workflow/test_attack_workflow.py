"""Attacks through the workflow: photographs, channels, other people's pictures, collusion, and jobs that are killed."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import psutil
import pytest
import torch
import torchvision
from PIL import Image

from uncloak.attacks.terms.lpips import load_lpips
from uncloak.extractors.weights import load, read_metadata, save
from uncloak.pictures.channel import parse
from uncloak.pictures.reading import load_picture
from uncloak.store import read_arrays, read_attributes

pytestmark = pytest.mark.slow

RESULTS = "results/synthetic"
OVERLAY = """
run:
  extractors: [facenet]
  attacks: [lowkey, whole, cropped, collusion, shifted, theirs, their_photographs]
  channels: [jpeg75]
  experiments: [protection, channels, visibility, contact_sheet]
attacks:
  whole:
    label: LowKey, photograph
    released: "2021-01-19"
    method: lowkey
    surrogates: [facenet]
    options: {steps: 3, perceptual: dssim, perceptual_weight: 0.05}
    photograph: {warp: exact}
    batch: 4
  cropped:
    label: Fawkes, photograph
    released: "2021-04-29"
    method: fawkes_v10
    surrogates: [facenet]
    options: {mode: low, steps: 3}
    photograph: {frame: aligned}
    batch: 4
  collusion:
    label: PGD, colluding
    released: "2021-01-19"
    method: pgd
    surrogates: [facenet]
    options: {steps: 3}
    targets: {choice: partner}
    batch: 4
  shifted:
    label: Fawkes at 80 pixels
    released: "2021-04-29"
    method: fawkes_v10
    surrogates: [facenet]
    options: {mode: low, steps: 3}
    preparation: {size: 80, stretch: minmax}
    batch: 4
  theirs:
    label: LowKey, imported
    released: "2021-01-19"
    method: external
    root: theirs
    layout: facescrub
    name: "{stem}_attacked.png"
    pictures: faces
  their_photographs:
    label: LowKey, photographs imported
    released: "2021-01-19"
    method: external
    root: their_photographs
    layout: folder
    name: "{stem}"
    pictures: photographs
"""


class World:
    """The finished checkout, with more attacks and a folder for other people's pictures."""

    def __init__(self, checkout, folder: Path):
        self.checkout, self.data = checkout, folder
        self.results = checkout.folder / RESULTS
        self.overlay = folder / "attacks.yaml"
        self.overlay.write_text(OVERLAY)

    def run(self, *arguments: str, config: tuple[str, ...] = ()):
        """Run Snakemake; its return code, and all it said."""
        settings = ["--config", f"data={self.data}", *config]
        process = self.checkout.start(*arguments, *settings, configs=["tests/worlds/tiny.yaml", str(self.overlay)])
        said = "".join(process.communicate())
        return process.returncode, said

    def make(self, *targets: str):
        code, said = self.run(*targets, "--cores", "2")
        assert code == 0, said


@pytest.fixture(scope="module")
def world(finished, tmp_path_factory):
    """A world in which all attacks have been made, the imported ones from the exported ones."""
    world = World(finished, tmp_path_factory.mktemp("world"))
    world.make(f"{RESULTS}/exported/lowkey", f"{RESULTS}/perturbed/photographs/whole.csv")
    shutil.copytree(world.results / "exported" / "lowkey", world.data / "theirs")
    shutil.copytree(world.results / "perturbed" / "photographs" / "whole", world.data / "their_photographs")
    (world.data / "their_photographs" / "settings.json").unlink()
    world.make()
    return world


def faces_of(world, name):
    faces, pictures = read_arrays(world.results / "perturbed" / f"{name}.h5", "faces", "picture")
    return dict(zip(pictures, faces, strict=True))


def test_cloaked_photographs_have_the_size_of_the_originals_and_are_aligned_anew(world):
    manifest = pd.read_csv(world.results / "manifest.csv").set_index("picture")
    for attack in ("whole", "cropped"):
        folder = world.results / "perturbed" / "photographs" / attack
        table = pd.read_csv(folder.with_suffix(".csv"))
        assert set(table["picture"]) == set(faces_of(world, attack))
        assert (table["linf"] > 0).all()
        for picture, path in zip(table["picture"], table["path"], strict=True):
            with Image.open(folder / path) as image:
                assert image.size == tuple(manifest.loc[picture, ["width", "height"]])
        settings = json.loads(read_attributes(world.results / "perturbed" / f"{attack}.h5")["settings"])
        assert (settings["size"], settings["frame"], settings["warp"]) == (64, "aligned", "exact")
        aligned_by = read_arrays(world.results / "perturbed" / f"{attack}.h5", "aligned_by")[0]
        assert set(aligned_by) <= {"mtcnn", "known"}


def test_imported_pictures_are_the_exported_ones_and_fare_alike(world):
    ours, theirs = faces_of(world, "lowkey"), faces_of(world, "theirs")
    assert ours.keys() == theirs.keys()
    for picture, face in ours.items():
        np.testing.assert_array_equal(theirs[picture], face)
    np.testing.assert_array_equal(
        np.stack(list(faces_of(world, "whole").values())), np.stack(list(faces_of(world, "their_photographs").values()))
    )
    table = pd.read_csv(world.results / "tables" / "protection.csv", keep_default_na=False)
    rates = table[table["channel"] == "png"].set_index("attack")["protection_rate"]
    assert rates["theirs"] == rates["lowkey"]
    assert rates["their_photographs"] == rates["whole"]
    files = pd.read_csv(world.results / "perturbed" / "files" / "theirs.csv", keep_default_na=False)
    assert set(files["status"]) == {"used"}


def test_every_attack_is_evaluated_through_every_channel(world):
    table = pd.read_csv(world.results / "tables" / "protection.csv", keep_default_na=False)
    attacks = {"none", "lowkey", "whole", "cropped", "collusion", "shifted", "theirs", "their_photographs"}
    assert set(map(tuple, table[["attack", "channel"]].to_numpy())) == {
        (attack, channel) for attack in attacks for channel in ("png", "jpeg75")
    }
    jpeg = parse([{"method": "jpeg", "quality": 75}])
    scraped = faces_of(world, "lowkey.jpeg75")
    for picture, face in faces_of(world, "lowkey").items():
        np.testing.assert_array_equal(scraped[picture], jpeg.transmit(face))
    # A photograph is compressed as a whole and aligned from there.
    whole, squeezed = faces_of(world, "whole"), faces_of(world, "whole.jpeg75")
    assert all((whole[picture] != squeezed[picture]).any() for picture in whole)
    assert (world.results / "figures" / "channels.png").stat().st_size > 1000


def test_colluding_users_aim_at_one_another(world):
    with h5py.File(world.results / "perturbed" / "collusion.h5") as file:
        pictures, targets = (file[name].asstr()[()] for name in ("picture", "target"))
    aims = {(picture.split("/")[0], target.split("/")[0]) for picture, target in zip(pictures, targets, strict=True)}
    users = {user for user, _ in aims}
    assert len(aims) == len(users) == len({aim for _, aim in aims})
    assert all(user != aim for user, aim in aims)
    assert set(targets) <= set(pictures)


def test_prepared_faces_keep_their_size(world):
    assert {face.shape for face in faces_of(world, "shifted").values()} == {(80, 80, 3)}
    world.make(f"{RESULTS}/exported/shifted", f"{RESULTS}/exported/fawkes_half", f"{RESULTS}/exported/clean")
    exported = world.results / "exported"
    with Image.open(next((exported / "shifted").rglob("*_high_cloaked.png"))) as image:
        assert image.size == (80, 80)
    assert list((exported / "fawkes_half").rglob("*.png"))
    assert len(list((exported / "clean").rglob("*.png"))) == len(faces_of(world, "lowkey"))


def test_the_visibility_of_every_picture_is_listed(world):
    errors = world.results / "experiments" / "visibility" / "errors.csv"
    table = pd.read_csv(errors, keep_default_na=False, na_values={"lpips": [""]})
    counts = table.groupby("attack")["picture"].nunique()
    assert set(counts) == {len(faces_of(world, "lowkey"))}
    np.testing.assert_allclose(table["ssim"], 1 - 2 * table["dssim"], atol=1e-5)
    assert (table["linf"] > 0).all()


# The rule's own file of weights has its hash in its name, so the script is run by itself.
RUN_LPIPS = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from snakemake.iocontainers import InputFiles
from uncloak import published_files
script, inputs, table, alexnet = sys.argv[1:]
published_files.OURS["alexnet"] = published_files.PublishedFile(file=alexnet)
snakemake = SimpleNamespace(
    input=InputFiles(fromdict=json.loads(inputs)), output=[table], log=[table + ".log"], threads=1,
    params=SimpleNamespace(record="null", brought="alexnet"), config={"weights": ""},
)
exec(compile(Path(script).read_text(), script, "exec"))
"""


def test_lpips_of_faces_and_of_photographs_is_the_packages(world, tmp_path):
    alexnet = tmp_path / "alexnet.pth"
    torch.manual_seed(0)
    torch.save(torchvision.models.alexnet(weights=None).state_dict(), alexnet)
    script = world.checkout.folder / "workflow" / "scripts" / "lpips.py"
    files = {
        "lowkey": {"faces": world.results / "faces.h5", "perturbed": world.results / "perturbed" / "lowkey.h5"},
        "whole": {
            "originals": world.results / "photographs",
            "manifest": world.results / "manifest.csv",
            "root": world.results / "perturbed" / "photographs" / "whole",
            "table": world.results / "perturbed" / "photographs" / "whole.csv",
        },
    }
    network = load_lpips(alexnet)._network
    for attack, inputs in files.items():
        named = {name: str(path) for name, path in inputs.items()}
        table = tmp_path / f"{attack}.csv"
        subprocess.run([sys.executable, "-c", RUN_LPIPS, script, json.dumps(named), table, alexnet], check=True)
        measured = pd.read_csv(table).set_index("picture")["lpips"]
        picture = measured.index[0]
        if attack == "lowkey":
            clean = dict(zip(*read_arrays(world.results / "faces.h5", "picture", "faces"), strict=True))[picture]
            other = faces_of(world, "lowkey")[picture]
        else:
            path = pd.read_csv(inputs["manifest"]).set_index("picture")["path"][picture]
            clean, other = load_picture(inputs["originals"] / path), load_picture(inputs["root"] / f"{picture}.png")
        pair = [torch.from_numpy(each.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1 for each in (clean, other)]
        assert measured[picture] == pytest.approx(float(network(*pair)), rel=1e-4)
        assert (measured > 0).all()


def complaint(result) -> str:
    """The one line that tells what is wrong."""
    code, said = result
    assert code != 0
    lines = {line.strip() for line in said.splitlines() if line.strip().startswith("error: ")}
    assert len(lines) == 1, said
    assert "Traceback" not in said
    return lines.pop()


@pytest.fixture
def damaged(world, tmp_path):
    """A copy of the other people's pictures that may be damaged, and how to import it."""
    folder = tmp_path / "theirs"
    shutil.copytree(world.data / "theirs", folder)
    overlay = tmp_path / "damaged.yaml"
    overlay.write_text(OVERLAY.replace("  theirs:", "  damaged:").replace("theirs, their_", "damaged, their_"))
    target = f"{RESULTS}/perturbed/damaged.h5"

    def run():
        process = world.checkout.start(
            target, "--cores", "1", "--config", f"data={tmp_path}", configs=["tests/worlds/tiny.yaml", str(overlay)]
        )
        said = "".join(process.communicate())
        assert not (world.checkout.folder / target).exists()
        return process.returncode, said

    return folder, run


def test_an_empty_or_foreign_folder_is_told_in_one_line(damaged):
    folder, run = damaged
    shutil.rmtree(folder)
    assert "missing" in complaint(run())
    folder.mkdir()
    assert "holds no files" in complaint(run())
    (folder / "somebody" / "face").mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(folder / "somebody" / "face" / "x_attacked.png")
    assert "none of its 1 files" in complaint(run())


def test_missing_and_wrong_sized_files_are_told_by_name(damaged, world):
    folder, run = damaged
    first, second, *_ = sorted(folder.rglob("*_attacked.png"))
    Image.new("RGB", (60, 60)).save(second)
    assert second.stem.removesuffix("_attacked") in complaint(run())
    first.unlink()
    line = complaint(run())
    assert f"{first.parent.parent.name}/{first.stem.removesuffix('_attacked')}" in line
    report = pd.read_csv(world.checkout.folder / "logs/import_faces/synthetic/damaged.csv", keep_default_na=False)
    assert {"used", "missing", "wrong size"} <= set(report["status"])


def test_a_surrogate_that_breaks_down_is_told_with_the_picture(world):
    path = world.checkout.folder / "results" / "extractors" / "facenet.safetensors"
    whole, seal = path.read_bytes(), path.parent / ".seals" / path.name
    sealed = seal.read_bytes()
    broken = load(path)
    with_record = read_metadata(path)
    next(iter(broken.network.parameters())).data.fill_(float("nan"))
    try:
        save(path, broken, with_record.pop("record"), with_record)
        seal.unlink()  # or the change would be told before it is loaded
        target = f"{RESULTS}/perturbed/collusion.h5"
        (world.checkout.folder / target).unlink()
        line = complaint(world.run(target, "--cores", "1", "--allowed-rules", "perturb_at_once"))
    finally:
        path.write_bytes(whole)
        seal.write_bytes(sealed)
    assert "NaN or a zero vector" in line
    assert "person_" in line
    assert not (world.checkout.folder / target).exists()
    world.make(f"{RESULTS}/perturbed/collusion.h5")


def test_a_killed_job_leaves_nothing_and_its_shard_reruns_alone(world):
    target = f"{RESULTS}/perturbed/long.h5"
    shards = world.results / "perturbed" / "shards" / "long"
    overlay = world.data / "long.yaml"
    record = OVERLAY.split("  whole:\n")[1].split("    photograph:")[0].replace("steps: 3", "steps: 100")
    overlay.write_text(f"attacks:\n  long:\n{record}    batch: 4\nshards: 2\n")
    configs = ["tests/worlds/tiny.yaml", str(overlay)]

    process = world.checkout.start(target, "--cores", "2", "--keep-going", configs=configs)
    logs = world.checkout.folder / "logs" / "perturb" / "synthetic" / "long"
    deadline = time.monotonic() + 600
    while len(list(logs.glob("*.log"))) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.2)
    jobs = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if any("perturb.py" in part for part in child.cmdline()) and "python" in Path(child.cmdline()[0]).name
    ]
    assert len(jobs) == 2
    jobs[0].kill()
    process.communicate()
    assert process.returncode != 0
    left = [path.name for path in shards.iterdir() if path.name != ".seals"]
    assert len(left) == 1, left
    assert left[0] in ("1-of-2.h5", "2-of-2.h5")
    survivor = (shards / left[0]).stat().st_mtime_ns

    again = world.checkout.start(target, "--cores", "2", configs=configs)
    said = "".join(again.communicate())
    assert again.returncode == 0, said
    assert said.count("Perturb faces") == 1
    assert (shards / left[0]).stat().st_mtime_ns == survivor
    # The log tells the rate and the time left.
    assert "per second" in next(logs.glob("*.log")).read_text()
    assert "s left" in next(logs.glob("*.log")).read_text()
