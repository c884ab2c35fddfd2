"""A plain English caption of what a synthetic picture shows."""

from uncloak.drawn.accessories import worn_glasses
from uncloak.drawn.identity import Person
from uncloak.drawn.nuisance import Circumstances

_SKIN = ((0.15, "pale"), (0.38, "fair"), (0.60, "olive"), (0.80, "brown"), (1.01, "dark"))
_BEARDS = {"stubble": "stubble", "mustache": "a mustache", "goatee": "a goatee", "full": "a full beard"}
_OCCLUDERS = {"hand": "a hand", "phone": "a phone", "bar": "a bar"}


def _hair(person: Person) -> str:
    if person.style == "bald":
        return "a bald head"
    wavy = "wavy" if person.wave > 0.45 and person.style != "shaved" else ""
    words = [person.style, wavy, person.hair, "hair"]
    return " ".join(word for word in words if word) + (" with a fringe" if person.fringe > 0.0 else "")


def _face_shape(person: Person) -> str:
    if person.half_height / person.half_width > 1.50:
        return "a long face"
    if person.jaw > 0.07:
        return "a square face"
    if person.jaw < -0.02:
        return "a narrow face"
    return "a round face" if person.half_height / person.half_width < 1.41 else "an oval face"


def _brows(person: Person) -> str:
    weight = "thick" if person.brow_thickness > 0.042 else "thin" if person.brow_thickness < 0.028 else "even"
    return f"{weight} {'arched' if person.brow_arch > 0.055 else 'straight'} brows"


def _features(person: Person) -> list[str]:
    """Return the remarkable shapes of the face, the plain ones left out."""
    features = []
    if abs(person.nose_width - 0.135) > 0.018:
        features.append("a wide nose" if person.nose_width > 0.135 else "a slim nose")
    if abs(person.upper_lip + person.lower_lip - 0.118) > 0.02:
        features.append("full lips" if person.upper_lip + person.lower_lip > 0.118 else "thin lips")
    if person.freckles > 0.0:
        features.append("freckles")
    if len(person.moles) > 2:
        features.append("moles")
    return features


def _expression(circumstances: Circumstances) -> str:
    if circumstances.smile > 0.45:
        mood = "smiling"
    elif circumstances.smile < -0.05:
        mood = "frowning"
    else:
        mood = "calm"
    return mood + (" open-mouthed" if circumstances.mouth_open > 0.4 else "")


def _pose(circumstances: Circumstances) -> str:
    if abs(circumstances.yaw) > 0.15:
        return "looking right" if circumstances.yaw > 0 else "looking left"
    if abs(circumstances.pitch) > 0.12:
        return "looking down" if circumstances.pitch > 0 else "looking up"
    return "facing the camera"


def _light(circumstances: Circumstances) -> str:
    across = circumstances.light[0]
    if abs(across) < 0.3:
        return "in even light"
    return "lit from the right" if across > 0 else "lit from the left"


def caption(person: Person, circumstances: Circumstances) -> str:
    """Return one sentence of a few dozen possible words, without digits; left and right are the picture's."""
    skin = next(name for limit, name in _SKIN if person.melanin < limit)
    having = [f"{skin} skin", _hair(person), f"{person.iris} eyes", _brows(person), *_features(person)]
    if person.beard != "none":
        having.append(_BEARDS[person.beard])
    glasses = worn_glasses(person, circumstances)
    if glasses != "none":
        having.append(f"{glasses} glasses")
    if circumstances.hat != "none":
        having.append(f"a {circumstances.hat}")
    sentence = f"a photograph of a {_expression(circumstances)} person with {_face_shape(person)}, "
    sentence += ", ".join(having[:-1]) + f" and {having[-1]}, {_pose(circumstances)}, {_light(circumstances)}"
    if circumstances.occluder != "none":
        sentence += f", behind {_OCCLUDERS[circumstances.occluder]}"
    return sentence
