"""The list of layers of a Keras model: flattened, its models within models too, and checked layer by layer."""

from collections.abc import Mapping, Sequence

from uncloak.errors import InputError
from uncloak.extractors.keras_layers import ACTIVATIONS, KINDS, LAMBDAS

_NESTED = ("Functional", "Model", "Sequential")
# Options that change nothing here: of training, or told by the arrays' shapes; but for the values in _ONLY.
_IDLE = {
    *("name", "trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "optional", "sparse", "ragged"),
    *("filters", "units", "use_bias", "depth_multiplier", "scale", "center", "fused", "virtual_batch_size", "groups"),
    *("renorm_clipping", "renorm_momentum", "synchronized", "adjustment", "shared_axes", "noise_shape", "seed"),
    *("function", "function_type", "module", "output_shape", "output_shape_type", "output_shape_module", "mask"),
    *("quantization_config", "name_scope", "batch_size", "input_shape"),
}
_IDLE_ENDINGS = ("_initializer", "_regularizer", "_constraint")
_ONLY = {"data_format": ("channels_last",), "threshold": (0,), "renorm": (False,), "invert": (False,)}


def flat(config: Mapping, prefix: str, source: list[str], lambdas: str) -> tuple[list[dict], str]:
    """Return the layers of a model, those of models inside it among them, and the name of the last.

    source: what comes into the model.
    """
    kind, config, found = config["class_name"], config["config"], []
    ends: dict[str, str] = {}  # what a name stands for: a layer, or the last layer of a model
    chain = kind == "Sequential"
    layers = config["layers"] if isinstance(config, dict) else config  # Keras 1 and 2 wrote the bare list, too
    if not chain and len(_references(config["input_layers"])) != 1:
        raise InputError("has several inputs; only nets of one picture are read")
    for layer in layers:
        name = layer.get("name") or layer["config"]["name"]
        if "." in name or "/" in name or name in ends:
            raise InputError(f"layer '{name}': its name stands twice or has a dot or slash; rename it in Keras")
        if layer["class_name"] == "InputLayer":
            before = source
        elif chain:
            before = [ends[next(reversed(ends))]] if ends else source
        else:
            before = [ends[each] for each in _inputs(name, layer["inbound_nodes"])]
        if layer["class_name"] in _NESTED:
            inside, ends[name] = flat(layer, f"{prefix}{name}/", before, lambdas)
            found += inside
        else:
            ends[name] = prefix + name
            found.append({"name": ends[name], "inputs": before or [""], **_checked(name, layer, lambdas)})
    outputs = [name] if chain else _references(config["output_layers"])
    if len(outputs) != 1:
        raise InputError(f"has several outputs ({', '.join(outputs)}); only nets of one are read")
    return found, ends[outputs[0]]


def _inputs(name: str, nodes: Sequence) -> list[str]:
    if len(nodes) != 1:
        raise InputError(f"layer '{name}' is used {len(nodes)} times; only once is read")
    [node] = nodes
    options = node.get("kwargs", {}) if isinstance(node, dict) else {}
    if not isinstance(node, dict):
        options = {key: value for each in node for key, value in (each[3] if len(each) > 3 else {}).items()}
    for key, value in options.items():
        if value not in (None, False):
            raise InputError(f"layer '{name}' is called with {key}={str(value)[:40]}; only pictures are read")
    return _references(node["args"] if isinstance(node, dict) else node)


def _references(node: object) -> list[str]:
    """Return the names in Keras' references to what layers give: [name, call, number], bare or in mappings."""
    if isinstance(node, dict):
        return _references(node["config"]["keras_history"])
    if node and isinstance(node[0], str):
        if node[2] != 0:
            raise InputError(f"layer '{node[0]}' gives several arrays; only layers that give one are read")
        return [node[0]]
    return [name for each in node for name in _references(each)]


def _checked(name: str, layer: Mapping, lambdas: str) -> dict:
    """Return a layer's kind, its options that count, and its whole configuration."""
    kind, config = layer["class_name"], layer["config"]
    foreign = str(layer.get("module") or "keras").split(".")[0] not in ("keras", "tensorflow")
    if kind == "Lambda":
        if lambdas not in LAMBDAS:
            raise InputError(
                f"layer '{name}' is a Lambda, whose Python code in the file is never run; if you know what it does, say"
                f" so with the network's option lambdas: {' or '.join(LAMBDAS)}"
            )
        kind = lambdas
    elif kind not in KINDS or kind in LAMBDAS or foreign or ">" in str(layer.get("registered_name") or ""):
        raise InputError(f"layer '{name}' is of the unknown kind '{kind}'; known are {', '.join(KINDS)}")
    used = KINDS[kind].options
    options = {key: config[key] for key in used if key in config}
    for key, value in config.items():
        if key in _ONLY and value is not None and value not in _ONLY[key]:
            raise InputError(f"layer '{name}' ({kind}) has {key} {value}; only {_ONLY[key][0]} is read")
        idle = key in _IDLE or key in _ONLY or key.endswith(_IDLE_ENDINGS)
        if key not in used and not idle and value is not None:
            raise InputError(f"layer '{name}' ({kind}) has the unknown option '{key}'")
    activation = options.get("activation", "linear")
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise InputError(
            f"layer '{name}' has the unknown activation '{str(activation)[:40]}'; known are {', '.join(ACTIVATIONS)}"
        )
    if options.get("padding") not in (None, "valid", "same") and kind != "ZeroPadding2D":
        raise InputError(f"layer '{name}' ({kind}) has padding '{options['padding']}'; only valid and same are read")
    return {"kind": kind, "options": options, "config": config}


def needed(layers: list[dict], output: str) -> list[dict]:
    """Return the layers that the layer `output` needs, itself the last."""
    if output not in {layer["name"] for layer in layers}:
        names = ", ".join(layer["name"] for layer in layers[-5:])
        raise InputError(f"has no layer '{output[:80]}' to take as output; the last are {names}")
    wanted, kept = {output}, []
    for layer in reversed(layers):
        if layer["name"] in wanted:
            kept.append(layer)
            wanted.update(layer["inputs"])
    return kept[::-1]
