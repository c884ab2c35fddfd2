"""A run whose results go elsewhere: the default, the rules and what comes with them are found beside the Snakefile."""

import pytest
from conftest import Checkout, copy_checkout

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A checkout, a folder for results, and one to start from, with an overlay in it."""
    folder = tmp_path_factory.mktemp("places")
    copy_checkout(folder / "code" / "uncloak")
    (folder / "results here").mkdir()
    (folder / "start").mkdir()
    (folder / "start" / "mine.yaml").write_text("run: {attacks: [lowkey]}\n")
    return folder


def run(place, *arguments, config):
    done = Checkout(place).snakemake(*arguments, config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def jobs(output):
    """Rule -> number of jobs, as a dry run tells them."""
    table = output.split("Job stats:")[1].split("total")[0].splitlines()[3:]
    return {name: int(count) for name, count in (line.split() for line in table if line)}


def test_another_folder_plans_the_same_jobs(places):
    arguments = ("all", "-n", "--cores", "1")
    here = run(places / "code" / "uncloak", *arguments, config="../../start/mine.yaml")
    elsewhere = ("-s", "../code/uncloak/Snakefile", "--directory", "../results here")
    there = run(places / "start", *arguments, *elsewhere, config="mine.yaml")
    assert jobs(there) == jobs(here)
    # Claims are read from the checkout.
    assert jobs(there)["claims"] == 1


def test_a_job_runs_there_and_stays_done(places):
    target, snakefile = "results/vega.js", ("-s", "../code/uncloak/Snakefile")
    run(places / "start", target, "--cores", "1", *snakefile, "--directory", "../results here", config="mine.yaml")
    made = [path.relative_to(places) for path in places.rglob("vega.js") if path.parent.name != ".seals"]
    assert [str(path) for path in made] == ["results here/results/vega.js"]
    assert "Nothing to be done" in run(places / "results here", target, "-n", *snakefile, config="../start/mine.yaml")
