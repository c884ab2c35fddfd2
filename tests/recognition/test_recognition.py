"""Recognition against scikit-learn's brute force, and the averages of its errors."""

import numpy as np
import pandas as pd
import pytest
from close_embeddings import (
    EXACT,
    POSTINGS,
    PROBES,
    USERS,
    clusters,
    duplicates,
    lattice,
    near_ties,
    records,
)
from sklearn.neighbors import KNeighborsClassifier

from uncloak.attacks.mixture import assign
from uncloak.errors import InputError
from uncloak.recognition.comparing import compare
from uncloak.recognition.embeddings import Embeddings, mix, read_embeddings
from uncloak.recognition.evaluation import COLUMNS, evaluate
from uncloak.recognition.intervals import difference_interval, mean_interval, rate_interval
from uncloak.recognition.rates import protection_rates
from uncloak.store import write_arrays
from uncloak.tables import read_table, write_table
from uncloak.visibility.users import MEASURES, visibility


def run(split, clean, attacked, metric="euclidean", **options):
    attacks = {attack: {} for attack, _ in attacked if attack != "none"}
    comparisons = compare(clean, attacked, split, metric)
    return evaluate(comparisons, attacks, **{"dataset": "d", "extractor": "e", "seed": 7, **options})


def brute_force(split, clean, attacked, metric):
    """Return {(attack, channel, user): error} by fitting a classifier per user and attack on float64."""
    split = split[split["role"] != "background"].sort_values(["identity", "picture"])
    gallery, probes = split[split["part"] == "gallery"], split[split["part"] == "probe"]
    users = sorted(set(split.loc[split["role"] == "user", "identity"]))
    errors = {}
    for posting in [("none", "png"), *attacked]:
        for user in users:
            own, asked = gallery["identity"] == user, probes["identity"] == user
            train = clean.rows(gallery["picture"]).astype(np.float64)
            if posting in attacked:
                train[own] = attacked[posting].rows(gallery["picture"][own])
            test = clean.rows(probes["picture"][asked]).astype(np.float64)
            if metric == "cosine":
                train, test = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (train, test))
            # Without this scikit-learn's own float64 products lose the near ties on a large offset.
            middle = np.round(train.mean(axis=0))
            classifier = KNeighborsClassifier(1, algorithm="brute").fit(train - middle, gallery["identity"])
            errors[*posting, user] = np.mean(classifier.predict(test - middle) != user)
    return errors


@pytest.mark.parametrize(("make", "metric"), [*EXACT, (lattice, "euclidean")])
def test_equals_scikit_learn_per_user(make, metric):
    seen = set()
    for seed in range(4):
        split, clean, attacked = records(make(np.random.default_rng(seed)))
        table = run(split, clean, attacked, metric=metric)
        measured = {(row.attack, row.channel, row.user): row.error for row in table.itertuples()}
        assert measured == brute_force(split, clean, attacked, metric)
        seen |= set(measured.values())
    assert any(0 < error < 1 for error in seen)


def test_a_user_alone_in_the_gallery_is_never_mistaken():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    alone = split[split["identity"] == "z"]
    assert run(alone, clean, attacked)["error"].tolist() == [0.0] * len(POSTINGS)


@pytest.mark.parametrize("make", [clusters, duplicates, near_ties, lattice])
def test_order_of_rows_does_not_matter(make):
    random = np.random.default_rng(1)
    split, clean, attacked = records(make(random))
    expected = run(split, clean, attacked)

    def shuffled(embeddings, pictures):
        order = random.permutation(len(pictures))
        return Embeddings(embeddings.rows(pictures)[order], pictures[order], embeddings.origin)

    pictures = split["picture"].to_numpy()
    posted = pictures[(split["role"] == "user") & (split["part"] == "gallery")]
    again = run(
        split.sample(frac=1, random_state=1),
        shuffled(clean, pictures),
        {posting: shuffled(attacked[posting], posted) for posting in reversed(list(attacked))},
    )
    pd.testing.assert_frame_equal(again, expected)


def test_table_is_tidy():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    table = run(split, clean, attacked, metric="cosine", seed=11)
    assert tuple(table.columns) == COLUMNS
    users = sorted(split.loc[split["role"] == "user", "identity"].unique())
    assert list(zip(table["attack"], table["channel"], table["user"], strict=True)) == [
        (*posting, user) for posting in POSTINGS for user in users
    ]
    constants = {"dataset": "d", "extractor": "e", "classifier": "nearest neighbor", "defense": "none"}
    constants |= {"metric": "cosine", "unprotected": 0, "rank": 1, "n_probes": PROBES, "seed": 11}
    for column, value in constants.items():
        assert (table[column] == value).all()


def test_background_identities_are_in_no_gallery():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    expected = run(split, clean, attacked)
    # Background faces on top of the users' probes would win every one of them.
    values = clean.embedding.copy()
    background = (split["role"] == "background").to_numpy()
    probes = ((split["role"] == "user") & (split["part"] == "probe")).to_numpy()
    values[background] = values[probes][: background.sum()]
    poisoned = Embeddings(values, split["picture"], "clean")
    pd.testing.assert_frame_equal(run(split, poisoned, attacked), expected)
    as_others = split.assign(role=split["role"].replace("background", "other"))
    assert run(as_others, poisoned, attacked)["error"].mean() > expected["error"].mean()


def test_mixture_takes_each_picture_from_its_attack():
    split, clean, attacked = records(clusters(np.random.default_rng(2)))
    one, other = attacked["lowkey", "png"], attacked["fawkes", "png"]
    pictures = split["picture"][(split["role"] == "user") & (split["part"] == "gallery")].to_numpy()
    shares = {"lowkey": 0.6, "fawkes": 0.4}
    assignment = assign(pictures, shares, 7)
    mixed = mix({"lowkey": one, "fawkes": other}, pictures, assignment, "half")
    byhand = np.stack(
        [(one if attack == "lowkey" else other).rows([p])[0] for p, attack in zip(pictures, assignment, strict=True)]
    )
    np.testing.assert_array_equal(mixed.rows(pictures), byhand)
    with pytest.raises(InputError, match=r"mixture 'half': attack 'fawkes' has no embeddings"):
        mix({"lowkey": one}, pictures, assignment, "half")
    with pytest.raises(InputError, match=r"mixture 'half': 1 assignments"):
        mix({"lowkey": one}, pictures, assignment[:1], "half")

    comparisons = compare(clean, attacked, split, "euclidean")
    table = evaluate(comparisons, {"half": shares}, dataset="d", extractor="e", seed=7)
    # Both parts went through this channel only; attacks that were not asked for have no rows.
    assert table.drop_duplicates(["attack", "channel"])[["attack", "channel"]].to_numpy().tolist() == [
        ["none", "png"],
        ["none", "jpeg-75"],
        ["half", "png"],
    ]
    measured = {(row.attack, row.channel, row.user): row.error for row in table.itertuples()}
    reference = {
        ("none", "jpeg-75"): attacked["none", "jpeg-75"],
        ("half", "png"): Embeddings(byhand, pictures, "by hand"),
    }
    assert measured == brute_force(split, clean, reference, "euclidean")
    assert len({*(measured[key] for key in measured if key[0] == "half")}) > 1
    for attacks in ({"pgd": {}}, {"half": {"lowkey": 1, "pgd": 1}}):
        with pytest.raises(InputError, match=r"^attack '\w+': (lowkey, )?pgd not compared through one channel"):
            evaluate(comparisons, attacks, dataset="d", extractor="e", seed=7)


def test_rates_average_over_users():
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    tables = [run(split, clean, attacked, extractor=name) for name in ("e", "f")]
    tables[1]["error"] = tables[1]["error"].to_numpy()[::-1]
    rates = protection_rates(pd.concat(tables))
    assert len(rates) == 2 * len(POSTINGS)
    for row in rates.itertuples():
        table = tables["ef".index(row.extractor)]
        errors = table.loc[(table["attack"] == row.attack) & (table["channel"] == row.channel), "error"]
        # No clean face went through the blur.
        through = "jpeg-75" if row.channel == "jpeg-75" else "png"
        unattacked = table.loc[(table["attack"] == "none") & (table["channel"] == through), "error"]
        assert row.protection_rate == pytest.approx(errors.mean())
        assert (row.low, row.high) == rate_interval(errors, PROBES)
        assert row.clean_error == pytest.approx(unattacked.mean())
        assert (row.clean_low, row.clean_high) == rate_interval(unattacked, PROBES)
        above = row.above_clean, row.above_clean_low, row.above_clean_high
        if row.attack == "none":
            assert np.isnan(above).all()
        else:
            difference = np.mean(errors.to_numpy() - unattacked.to_numpy())
            assert above == pytest.approx(
                (difference, *difference_interval(errors.to_numpy(), unattacked.to_numpy(), PROBES))
            )
        assert np.isnan(row.above_no_defense)
        assert (row.n_users, row.n_probes) == (USERS, USERS * PROBES)
    unattacked = rates[rates["attack"] == "none"]
    assert (unattacked["protection_rate"] == unattacked["clean_error"]).all()
    # Neither the other rows nor their order matter.
    backwards = protection_rates(tables[0].iloc[::-1]).iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(backwards, rates[: len(POSTINGS)])
    unattacked = tables[0]["attack"] == "none"
    for channel, gone in (("png", unattacked), ("jpeg-75", unattacked & (tables[0]["user"] == "v b"))):
        with pytest.raises(InputError, match=rf"user 'v b' has no row of attack 'none' through '{channel}'"):
            protection_rates(tables[0][~gone])
    with pytest.raises(InputError, match="stands twice"):
        protection_rates(pd.concat([tables[0], tables[0]]))
    with pytest.raises(InputError, match="no column 'error'"):
        protection_rates(tables[0].drop(columns="error"))


def test_rates_keep_settings_apart_and_average_further_measures():
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    plain = run(split, clean, attacked)
    easy = plain.assign(posted="all", error=0.0, passed_on=np.arange(len(plain)) / len(plain))
    hard = plain.assign(posted="10", error=1.0, passed_on=0.5)
    rates = protection_rates(pd.concat([easy, hard]))
    assert rates.loc[rates["posted"] == "all", ["protection_rate", "clean_error"]].eq(0).all(axis=None)
    assert rates.loc[rates["posted"] == "10", ["protection_rate", "clean_error"]].eq(1).all(axis=None)
    assert rates["passed_on"].tolist() == pytest.approx(
        [easy["passed_on"][k : k + USERS].mean() for k in range(0, len(easy), USERS)] + [0.5] * len(POSTINGS)
    )
    # A table that lacks a setting of the other's may stand beside it.
    verification = plain.assign(classifier="verification", false_accept_rate=0.01)
    both = protection_rates(pd.concat([plain, verification]))
    pd.testing.assert_frame_equal(both[: len(POSTINGS)].drop(columns="false_accept_rate"), protection_rates(plain))
    assert both["false_accept_rate"].isna().tolist() == [True] * len(POSTINGS) + [False] * len(POSTINGS)


def test_rates_stand_beside_those_without_defense():
    split, clean, attacked = records(clusters(np.random.default_rng(4)))
    plain = run(split, clean, attacked)
    guarded = plain.assign(defense="blur", error=plain["error"].to_numpy()[::-1])
    # One user was not tried without defense; other probes were.
    fewer = guarded.assign(extractor="f")
    bare = plain.assign(extractor="f")[lambda table: table["user"] != "v b"]
    others = guarded.assign(extractor="g", n_probes=PROBES + 1)
    rates = protection_rates(pd.concat([guarded, plain, fewer, bare, others, plain.assign(extractor="g")]))
    columns = [f"above_no_defense{end}" for end in ("", "_low", "_high")]
    assert rates.loc[rates["defense"] == "none", columns].isna().all(axis=None)
    assert rates.loc[rates["extractor"] != "e", columns].isna().all(axis=None)
    found = rates[(rates["extractor"] == "e") & (rates["defense"] == "blur")]
    assert len(found) == len(POSTINGS)
    for row in found.itertuples():
        with_it, without = (
            table.loc[(table["attack"] == row.attack) & (table["channel"] == row.channel), "error"].to_numpy()
            for table in (guarded, plain)
        )
        expected = np.mean(with_it - without), *difference_interval(with_it, without, PROBES)
        assert (row.above_no_defense, row.above_no_defense_low, row.above_no_defense_high) == pytest.approx(expected)


def quality_table() -> pd.DataFrame:
    """Two attacks' changes of three users' pictures, 2 to 4 each: a user's pictures are alike, users are not."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        [
            ("d", attack, user, f"{user}/{k}")
            for attack in ("mild", "strong")
            for user in "cab"
            for k in range(ord(user) - 95)
        ],
        columns=["dataset", "attack", "user", "picture"],
    )
    scale = table["attack"].map({"mild": 1, "strong": 3}) * table["user"].map({"a": 1, "b": 2, "c": 4})
    for measure in MEASURES:
        table[measure] = scale * random.uniform(0.9, 1.1, len(table))
    table.loc[table["attack"] == "mild", "lpips"] = np.nan
    table["psnr"] = 60 - table["psnr"]
    table.loc[(table["user"] == "a") & table["picture"].str.endswith("1"), "psnr"] = np.inf
    return table


@pytest.mark.filterwarnings("error")
def test_visibility_averages_over_pictures_then_users():
    table = quality_table()
    means = visibility(table, seed=7)
    assert means["attack"].tolist() == ["mild", "strong"]
    for row in means.itertuples():
        for measure in MEASURES:
            users = []
            for user in "abc":
                values = table.loc[(table["attack"] == row.attack) & (table["user"] == user), measure].to_numpy()
                users.append(np.mean(255**2 / 10 ** (values / 10)) if measure == "psnr" else values.mean())
            found = [getattr(row, measure + end) for end in ("_low", "", "_high")]
            missing = measure == "lpips" and row.attack == "mild"
            low, high = (np.nan, np.nan) if missing else mean_interval(np.array(users), 7)
            if measure == "psnr":
                expected = [10 * np.log10(255**2 / error) for error in (high, np.mean(users), low)]
            else:
                expected = [low, np.mean(users), high]
            np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=measure)
        assert (row.dataset, row.n_users, row.n_pictures, row.seed) == ("d", 3, 9, 7)
    # Neither the order of pictures nor the other attacks matter.
    shuffled = visibility(table.sample(frac=1, random_state=1), seed=7).set_index("attack")
    pd.testing.assert_frame_equal(shuffled.loc[["mild", "strong"]], means.set_index("attack"))
    alone = visibility(table[table["attack"] == "strong"], seed=7)
    pd.testing.assert_frame_equal(alone, means[1:].reset_index(drop=True))


@pytest.mark.filterwarnings("error")
def test_pictures_left_as_they_are_have_an_infinite_psnr():
    row = visibility(quality_table().assign(psnr=np.inf), seed=7).iloc[0]
    assert (row.psnr_low, row.psnr, row.psnr_high) == (np.inf,) * 3


def test_visibility_is_written_and_read(tmp_path):
    table = quality_table()
    write_table(table, tmp_path / "quality.csv")
    back = read_table(tmp_path / "quality.csv")
    pd.testing.assert_frame_equal(back, table, rtol=1e-5, check_dtype=False)
    write_table(visibility(back, seed=7), tmp_path / "visibility.csv")
    again = read_table(tmp_path / "visibility.csv")
    pd.testing.assert_frame_equal(again, visibility(table, seed=7), rtol=1e-4, check_dtype=False)
    write_table(table.assign(lpips=np.nan), tmp_path / "no_lpips.csv")
    assert visibility(read_table(tmp_path / "no_lpips.csv"), seed=7)["lpips"].isna().all()


def test_visibility_refuses_bad_tables():
    table = quality_table()
    with pytest.raises(InputError, match="visibility table: has no column 'psnr'"):
        visibility(table.drop(columns="psnr"), 7)
    with pytest.raises(InputError, match="picture 'c/0' stands twice under attack 'mild'"):
        visibility(pd.concat([table, table[:1]]), 7)
    with pytest.raises(InputError, match="picture 'c/2' has no dssim under attack 'mild'"):
        visibility(table.assign(dssim=table["dssim"].mask(table.index == 2)), 7)
    with pytest.raises(InputError, match="picture 'c/1' has no lpips under attack 'strong'"):
        visibility(table.assign(lpips=table["lpips"].mask(table.index == 10)), 7)


def test_tables_are_byte_identical_and_keep_names(tmp_path):
    names = dict(zip("zyxwv", ["007", "nan", "1e3", "None", "é"], strict=True))
    for turn in ("first", "second"):
        split, clean, attacked = records(clusters(np.random.default_rng(0)))
        errors = run(split, clean, attacked)
        errors["user"] = errors["user"].str[0].map(names)
        write_table(errors, tmp_path / turn / "errors.csv")
        rates = protection_rates(read_table(tmp_path / turn / "errors.csv"))
        write_table(rates, tmp_path / turn / "rates.csv")
    for name in ("errors.csv", "rates.csv"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    back = read_table(tmp_path / "first" / "errors.csv")
    assert back["user"].tolist() == errors["user"].tolist()
    assert back["n_probes"].tolist() == errors["n_probes"].tolist()
    np.testing.assert_allclose(back["error"], errors["error"], rtol=1e-5)

    write_table(pd.DataFrame({"user": ["a"], "error": [1 / 3], "n_probes": [3]}), tmp_path / "digits.csv")
    assert (tmp_path / "digits.csv").read_bytes() == b"user,error,n_probes\na,0.333333,3\n"
    (tmp_path / "empty.csv").touch()
    for name, message in (("absent.csv", "no such file"), ("empty.csv", "not a table")):
        with pytest.raises(InputError, match=f"{name}: {message}"):
            read_table(tmp_path / name)


def test_reads_embedding_files(tmp_path):
    split, clean, _ = records(clusters(np.random.default_rng(0)))
    arrays = {"embedding": clean.embedding, "picture": split["picture"].to_numpy()}
    write_arrays(tmp_path / "clean.h5", arrays, {})
    read = read_embeddings(tmp_path / "clean.h5")
    np.testing.assert_array_equal(read.rows(split["picture"][::-1]), clean.embedding[::-1])
    with pytest.raises(InputError, match="no such file"):
        read_embeddings(tmp_path / "absent.h5")


def test_refuses_bad_embeddings():
    values = np.ones((3, 2), dtype=np.float32)
    for bad in (np.nan, np.inf, -np.inf):
        broken = values.copy()
        broken[1, 0] = bad
        with pytest.raises(InputError, match=r"clean: the embedding of picture 'a/2' is not finite \(1 such"):
            Embeddings(broken, ["a/1", "a/2", "b/1"], "clean")
    with pytest.raises(InputError, match="picture 'a/1' stands twice"):
        Embeddings(values, ["a/1", "a/1", "b/1"], "clean")
    with pytest.raises(InputError, match=r"shape \[3, 2\] for 2 pictures"):
        Embeddings(values, ["a/1", "a/2"], "clean")
    with pytest.raises(InputError, match=r"shape \[3\]"):
        Embeddings(values[:, 0], ["a/1", "a/2", "b/1"], "clean")


def test_refuses_bad_input():
    split, clean, attacked = records(clusters(np.random.default_rng(0)))
    lowkey = attacked["lowkey", "png"]
    pictures = split["picture"][(split["role"] == "user") & (split["part"] == "gallery")].to_numpy()

    def refused(message, split=split, clean=clean, attacked=attacked, **options):
        with pytest.raises(InputError, match=message) as caught:
            run(split, clean, attacked, **options)
        assert "\n" not in str(caught.value)

    short = Embeddings(lowkey.rows(pictures[:-2]), pictures[:-2], "lowkey.h5")
    refused(r"lowkey.h5: has no embedding of picture 'v b/03' \(2 of 5 missing\)", attacked={("lowkey", "png"): short})
    narrow = Embeddings(lowkey.embedding[:, :-1], pictures, "lowkey.h5")
    refused("lowkey.h5: embeddings have 23 dimensions, those of the clean faces 24", attacked={("l", "png"): narrow})
    zero = Embeddings(lowkey.embedding * (pictures != "y b/01")[:, None], pictures, "lowkey.h5")
    refused("picture 'y b/01' is zero", attacked={("l", "png"): zero}, metric="cosine")
    run(split, clean, {("l", "png"): zero})
    refused("attack 'none' through 'png' stands for the clean faces", attacked={("none", "png"): lowkey})
    refused("metric 'manhattan' is not known", metric="manhattan")
    huge = Embeddings(clean.embedding * np.float32(1e25), split["picture"], "clean")
    refused("too large", clean=huge)

    for role in ("user", "other"):
        gone = split.index[(split["role"] == role) & (split["part"] == "probe")][0]
        rest = Embeddings(np.delete(clean.embedding, gone, axis=0), split["picture"].drop(gone), "clean.h5")
        refused(f"clean.h5: has no embedding of picture '{split['picture'][gone]}'", clean=rest)
    for part in ("gallery", "probe"):
        refused(f"user 'y b' has no {part}", split=split[(split["identity"] != "y b") | (split["part"] != part)])
    refused("has no users", split=split[split["role"] != "user"])
    refused("no column 'part'", split=split.drop(columns="part"))
    refused("has the role 'bystander'", split=split.replace("detector", "bystander"))
    refused("has the part 'train'", split=split.replace("gallery", "train"))
    refused("stands twice", split=pd.concat([split, split[:1]]))
    refused("identity 'z' has several roles", split=split.assign(role=split["role"].where(split.index > 0, "other")))
