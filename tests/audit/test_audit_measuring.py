"""What is measured of a person, against brute force; and its intervals, against their definition."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from uncloak.audit.measuring import Crowd, Embedded, measure
from uncloak.audit.parts import COLUMNS
from uncloak.audit.thresholds import Calibrated, as_record, calibrate, of_record
from uncloak.seeds import generator

KEPT = {"metric": "euclidean", "missing": "unprotected", "unprotected": [1, 2], "seed": 1}


def person(random, probes=6, gallery=5, cloaked=3, alone=1):
    """A table of pictures, and embeddings of all: cloaked ones stand far off, but not all as far."""
    rows, vectors = [], []

    def add(folder, file, part, cloak, pair, vector):
        rows.append((folder, file, part, cloak, pair, 1, "only", "", np.nan, np.nan))
        vectors.append(vector)

    for number in range(probes):
        add("later", f"p{number}", "probe", "none", "", random.standard_normal(4))
    for number in range(gallery):
        add("clean", f"g{number}", "gallery", "none", f"g{number}", random.standard_normal(4))
    for number in range(cloaked):
        add("tool", f"c{number}", "posted", "tool", f"g{number}", 1.5 + random.standard_normal(4))
    for number in range(alone):
        add("tool", f"a{number}", "posted", "tool", "", 1.5 + random.standard_normal(4))
    add("clean", "no.txt", "unused", "none", "", np.full(4, np.nan))
    table = pd.DataFrame(rows, columns=COLUMNS)
    used = table[table["part"] != "unused"]
    embedding = np.array(vectors[:-1], np.float32)
    none = np.full(len(used), "none")
    return table, Embedded(embedding, used["folder"].to_numpy(str), used["file"].to_numpy(str), none)


def crowd(random, people=23):
    identity = np.repeat([f"x{number:02d}" for number in range(people)], 2)
    return Crowd({"none": 3 * random.standard_normal((len(identity), 4)).astype(np.float32)}, identity)


def nearest(probe, vectors):
    return min(float(np.linalg.norm(probe.astype(float) - each.astype(float))) for each in vectors)


def row(found, **wanted):
    for key, value in wanted.items():
        found = found[found[key] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_open_and_closed_answers_are_those_of_brute_force():
    random = np.random.default_rng(5)
    table, embedded = person(random)
    others = crowd(random)
    vectors = dict(zip(zip(embedded.folder, embedded.file, strict=True), embedded.embedding, strict=True))
    probes = [vectors["later", f"p{number}"] for number in range(6)]
    posted = {
        "none": [vectors["clean", f"g{number}"] for number in range(5)],
        # Three of five are cloaked, and one has no original.
        "tool": [
            *(vectors["tool", name] for name in ("c0", "c1", "c2", "a0")),
            *(vectors["clean", name] for name in ("g3", "g4")),
        ],
    }
    thresholds = Calibrated("nobody", 100, {0.01: 1.3, 0.001: 0.8})
    found = measure(table, embedded, ["none"], thresholds, others, **KEPT)
    names = np.unique(others.identity)
    half = set(generator(1, "audit distractors").permutation(names)[:12].tolist())
    for cloak, faces in posted.items():
        own = [nearest(probe, faces) for probe in probes]
        for rate, distance in thresholds.distances.items():
            got = row(found, cloak=cloak, unprotected=0, setting="open", false_accept_rate=rate)
            assert got.found == sum(each < distance for each in own)
            assert (got.probes, got.gallery) == (6, len(faces))
        for distractors, people in ((False, half), (True, set(names.tolist()))):
            for rank in (1, 10):
                got = row(found, cloak=cloak, unprotected=0, setting="closed", rank=rank, distractors=distractors)
                hits = 0
                for probe, mine in zip(probes, own, strict=True):
                    rivals = [
                        nearest(probe, others.embeddings["none"][others.identity == name]) for name in sorted(people)
                    ]
                    hits += sum(rival < mine for rival in rivals) < rank
                assert got.found == hits


def test_unprotected_pictures_count_as_half_of_all_choices_find():
    random = np.random.default_rng(6)
    table, embedded = person(random, cloaked=5, alone=0)
    thresholds = Calibrated("nobody", 100, {0.01: 1.9})
    found = measure(table, embedded, ["none"], thresholds, None, **KEPT)
    vectors = dict(zip(zip(embedded.folder, embedded.file, strict=True), embedded.embedding, strict=True))
    cloaked = [vectors["tool", f"c{number}"] for number in range(5)]
    clean = [vectors["clean", f"g{number}"] for number in range(5)]
    counts = set()
    for count in (1, 2):
        choices = list(combinations(clean, count))
        hits = 0
        for number in range(6):
            probe = vectors["later", f"p{number}"]
            hit = [nearest(probe, [*cloaked, *more]) < 1.9 for more in choices]
            hits += np.mean(hit) >= 0.5
        got = row(found, cloak="tool", unprotected=count)
        assert (got.found, got.gallery) == (hits, 5 + count)
        counts.add(hits)
    assert len(counts | {row(found, cloak="tool", unprotected=0).found}) > 1  # it matters here


def test_missing_cloaks_are_dropped_where_that_is_asked():
    table, embedded = person(np.random.default_rng(7), alone=0)
    thresholds = Calibrated("nobody", 100, {0.01: 1.2})
    kept, dropped = (
        measure(table, embedded, ["none"], thresholds, None, **KEPT | {"missing": missing})
        for missing in ("unprotected", "drop")
    )
    assert [row(found, cloak="tool", unprotected=0).gallery for found in (kept, dropped)] == [5, 3]
    assert [row(found, cloak="none", unprotected=0).gallery for found in (kept, dropped)] == [5, 5]


@pytest.mark.parametrize("probes", [1, 4, 9])
def test_intervals_are_clopper_and_pearsons(probes):
    table, embedded = person(np.random.default_rng(probes), probes=probes)
    found = measure(table, embedded, ["none"], Calibrated("nobody", 1, {0.5: 1.0}), None, **KEPT)
    for each in found.itertuples():
        low = beta.ppf(0.025, each.found, each.probes - each.found + 1) if each.found else 0.0
        high = beta.ppf(0.975, each.found + 1, each.probes - each.found) if each.found < each.probes else 1.0
        assert (each.low, each.high) == pytest.approx((low, high))
    never = measure(table, embedded, ["none"], Calibrated("nobody", 1, {0.5: 0.0}), None, **KEPT)
    if probes == 4:  # 0 of 4 can mean up to 60 %
        assert never["high"].max() == pytest.approx(0.602, abs=1e-3)


def test_what_is_treated_is_read_as_it_was_treated():
    table, plain = person(np.random.default_rng(8), alone=0)
    posted = plain.folder != "later"
    both = Embedded(
        np.concatenate([plain.embedding, plain.embedding[posted] + 100]),
        *(np.concatenate([each, each[posted]]) for each in (plain.folder, plain.file)),
        np.concatenate([plain.treatment, np.full(posted.sum(), "blur")]),
    )
    found = measure(table, both, ["none", "blur"], Calibrated("nobody", 1, {0.5: 50.0}), None, **KEPT)
    assert (found.loc[found["treatment"] == "none", "found"] == 6).all()
    assert (found.loc[found["treatment"] == "blur", "found"] == 0).all()


def test_thresholds_leave_their_share_of_strangers_below():
    random = np.random.default_rng(9)
    embedding, identities = random.standard_normal((60, 5)).astype(np.float32), np.repeat([*"abcdefghij"], 6)
    found = calibrate(embedding, identities, "somebody", "euclidean", (0.1, 0.01, 0.001))
    pairs = [
        float(np.linalg.norm(embedding[i].astype(float) - embedding[j].astype(float)))
        for i in range(60)
        for j in range(i)
        if identities[i] != identities[j]
    ]
    assert found.pairs == len(pairs) == 1620
    assert list(found.distances) == [0.1, 0.01]  # of 1620 pairs one would be below the last
    for rate, distance in found.distances.items():
        below = sum(each < distance - 1e-6 for each in pairs)
        assert below <= rate * len(pairs) < below + 2
    told = as_record(found, "euclidean")
    assert of_record(told, "euclidean").distances == pytest.approx(found.distances, rel=1e-4)
    assert of_record(told, "cosine") is None
    assert of_record(None, "euclidean") is None
