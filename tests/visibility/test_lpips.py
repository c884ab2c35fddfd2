"""LPIPS pair by pair, of pictures of any size."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import torchvision  # noqa: E402

from uncloak.visibility.lpips import measure_lpips  # noqa: E402


def test_equal_pictures_have_no_distance_and_more_noise_more(tmp_path):
    torch.manual_seed(0)
    torch.save(torchvision.models.alexnet(weights=None).state_dict(), tmp_path / "alexnet.pth")
    random = np.random.default_rng(1)
    small, large = (random.integers(60, 196, (*size, 3), dtype=np.uint8) for size in ((64, 64), (96, 80)))

    def noisy(picture, amount):
        return (picture + random.integers(-amount, amount, picture.shape)).astype(np.uint8)

    pairs = [(small, small), (small, noisy(small, 5)), (small, noisy(small, 60)), (large, noisy(large, 60))]
    same, little, much, other = measure_lpips(iter(pairs), 4, tmp_path / "alexnet.pth")
    assert same == 0
    assert 0 < little < much
    assert other > 0
