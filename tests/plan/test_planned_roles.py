"""Whose pictures are perturbed, and what they are made to resemble."""

import pytest
from configurations import configuration
from planned import of

from uncloak.errors import InputError
from uncloak.plan import attacks, detection, extractors, roles


def test_others_are_perturbed_as_their_record_says(default):
    assert roles.whose(default, "synthetic", "lowkey") == {"role": "user", "identities": None, "pictures": None}
    assert roles.whose(default, "public", "lowkey", "public") == {"role": "public", "identities": 240, "pictures": 1}
    config = configuration({"datasets": {"public": {"perturb": {"public": {"shards": 2}}}}})
    assert roles.perturbed_others(config, "public", "public", "lowkey") == of(
        "public", "perturbed/public/lowkey/1-of-2.h5", "perturbed/public/lowkey/2-of-2.h5"
    )


def test_people_whom_nobody_perturbs_are_told(default):
    with pytest.raises(InputError, match=r"datasets\.second_world\.perturb: has no record 'detector'"):
        detection.lessons(default, "second_world")


def test_targets_of_attacks(default):
    assert attacks.targeted(default) == [
        *("fawkes_v03", "fawkes_v03_strong", "fawkes_v03_stop", "fawkes_v03_stop_60", "fawkes_v03_average"),
        *("fawkes_v10_collusion", "tip_im"),
    ]
    targets = "perturbed/targets"
    assert [attacks.chosen_targets(default, "synthetic", "fawkes_v03")] == of("synthetic", f"{targets}/fawkes_v03.csv")
    assert [attacks.chosen_targets(default, "public", "fawkes_v03", "public")] == of(
        "public", f"{targets}/public/fawkes_v03.csv"
    )
    assert [attacks.target_faces(default, "synthetic", "fawkes_v03")] == of("background", "faces.h5")
    assert [attacks.target_people(default, "fawkes_v03")] == of("background", "roles/background.csv")
    assert attacks.choosing_surrogates(default, "fawkes_v03") == ["results/extractors/facenet.safetensors"]
    for nothing in (attacks.chosen_targets, attacks.target_faces):
        assert nothing(default, "synthetic", "lowkey") == []
    assert attacks.target_people(default, "lowkey") == []
    # Partners are users of the same dataset, and no surrogate chooses them.
    assert [attacks.target_faces(default, "synthetic", "fawkes_v10_collusion")] == of("synthetic", "faces.h5")
    assert attacks.target_people(default, "fawkes_v10_collusion") == []
    assert attacks.choosing_surrogates(default, "fawkes_v10_collusion") == []


def test_whose_faces_a_job_depends_on(default):
    assert [roles.listed(default, "synthetic")] == of("synthetic", "roles/user.csv")
    assert [roles.listed(default, "synthetic", "detector")] == of("synthetic", "roles/detector.csv")
    assert [extractors.training_split(default, "arcface")] == of("background", "roles/background.csv")
    users, detector = of("synthetic", "roles/user.csv", "roles/detector.csv")
    background, public = *of("background", "roles/background.csv"), *of("public", "roles/public.csv")
    assert attacks.people(default, "synthetic", "clean") == [users]
    assert attacks.people(default, "synthetic", "lowkey") == [background, users]
    assert attacks.people(default, "synthetic", "lowkey", "detector") == [background, detector]
    assert extractors.people(default, ["pixels"]) == set()
    # Also those from whom an extractor learned that another is tuned from.
    assert extractors.people(default, ["clip"]) == {background}
    assert extractors.people(default, ["robust"]) == {background, public}
    assert attacks.people(default, "synthetic", "fawkes_half") == [background, users]
    assert attacks.embedded_people(default, "synthetic", "pixels", "clean") == []
    assert attacks.embedded_people(default, "synthetic", "robust", "clean") == [background, public]
    assert attacks.embedded_people(default, "synthetic", "pixels", "lowkey.jpeg75") == [background, users]
    assert attacks.posted_perturbed(default, "synthetic", "clean") == []
    assert [attacks.posted_perturbed(default, "synthetic", "lowkey")] == of("synthetic", "perturbed/lowkey.h5")
