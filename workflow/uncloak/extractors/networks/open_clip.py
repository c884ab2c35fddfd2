"""Image towers as open_clip builds them: of CLIP (Radford et al. 2021), SigLIP (Zhai et al. 2023) and others."""

from collections.abc import Mapping

import open_clip
import torch
from torch import nn

from uncloak.errors import InputError
from uncloak.extractors.text_tower import VOCABULARY, TextTower

# The text tower is not wanted, but a model has one: the smallest there is.
_NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}
_TOWER = "visual."
# What CLIP's text tower is told by; one that is told by more is of another kind.
_TEXT = {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio"}
_TEXT_PARTS = ("token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection")


class ImageTower(nn.Module):
    """The image tower alone, its parameters called as in the whole model: `visual.*`."""

    def __init__(self, visual: nn.Module):
        super().__init__()
        self.visual = visual

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Map normalized pictures float32 [N,3,H,W] to what `encode_image` gives, [N,D], not normalized."""
        return self.visual(pictures)


def build(model: str, quick_gelu: bool = False, size: int = 0) -> nn.Module:
    """Build the image tower of open_clip's `model`, untrained.

    The file of a whole model holds the text tower, too, which its record drops and `text_tower` takes.

    Args:
        model: its name in open_clip, as ViT-B-32.
        quick_gelu: as OpenAI's own weights want it; models called -quickgelu have it by themselves.
        size: side of the picture that the weights are for; 0: open_clip's.

    Raises InputError for a model that open_clip does not have, or not with these options, and for one that is no pair
    of towers.
    """
    config = _config(model)
    if config is None:
        near = ", ".join(name for name in open_clip.list_models() if name[:5].lower() == model[:5].lower())
        raise InputError(f"network open_clip: has no model '{model}'; take one of {near or 'open_clip.list_models()'}")
    if "multimodal_cfg" in config:
        raise InputError(f"network open_clip: '{model}' has no image tower of its own; take a CLIP or SigLIP")
    vision = {**config["vision_cfg"], **({"image_size": size} if size else {})}
    try:
        whole = open_clip.CLIP(
            config["embed_dim"], vision, _NO_TEXT, quick_gelu=quick_gelu or config.get("quick_gelu", False)
        )
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"network open_clip: cannot build '{model}' ({reason}); change its options") from None
    return ImageTower(whole.visual)


def _config(model: str) -> dict | None:
    """What open_clip itself knows of a model; it would look others up in a folder or on the network."""
    return open_clip.get_model_config(model) if model in open_clip.list_models() else None


def translate(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Name the parameters of a tower that was saved alone as in the whole model; those of a whole model keep theirs."""
    alone = not any(name.startswith(_TOWER) for name in state)
    return {f"{_TOWER}{name}" if alone else name: value for name, value in state.items()}


def text_tower(
    state: Mapping[str, torch.Tensor], model: str, quick_gelu: bool = False, **_: object
) -> TextTower | None:
    """Return the text tower among the parameters of a whole CLIP; None where it has none, or one of another kind.

    Takes the options of `build`, of which the picture's say nothing of texts.
    """
    config = _config(model)
    sizes = config["text_cfg"]
    known = sizes.keys() <= _TEXT and sizes.get("vocab_size", VOCABULARY) == VOCABULARY
    if not known or "logit_scale" not in state or "token_embedding.weight" not in state:
        return None
    defaults = {"context_length": 77, "width": 512, "layers": 12, "heads": 8, "mlp_ratio": 4.0}
    context, *rest = ({**defaults, **sizes}[name] for name in defaults)
    tower = TextTower(config["embed_dim"], context, *rest, quick_gelu=quick_gelu or config.get("quick_gelu", False))
    own = {f"tower.{name}": value for name, value in state.items() if name.partition(".")[0] in _TEXT_PARTS}
    tower.load_state_dict({**own, "log_scale": state["logit_scale"]})
    return tower
