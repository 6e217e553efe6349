"""A writer of ONNX graphs: constants and operators, named by the order in which they are added.

Nothing but what is added reaches the bytes: no time, no path, no library version. Equal calls give equal bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, checker, helper, numpy_helper

from rl.export.inputs import Declared

OPSET = 18
"""ONNX operator set (December 2022): the first in which all reductions take their axes as an input."""
IR_VERSION = 8
"""Of the file format; the oldest that carries OPSET, so that older runtimes read it too."""
PRODUCER = "bullpen"
_TYPES = {"float64": TensorProto.DOUBLE, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


class GraphWriter:
    """One graph under construction; every method that adds a value returns its name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: list[Any] = []
        self._constants: list[Any] = []
        self._nodes: list[Any] = []

    def input(self, name: str, dtype: str, shape: Sequence[int | str]) -> str:
        """An input of the graph."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], list(shape)))
        return name

    def constant(self, value: npt.NDArray[Any], name: str = "") -> str:
        """A constant, under `name` or a number."""
        name = name or f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """An operator with one output."""
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def ints(self, *values: int) -> str:
        """An int64 vector: axes, shapes, bounds of slices."""
        return self.constant(np.array(values, dtype=np.int64))

    def columns(self, of: str, start: int, stop: int, axis: int = 1) -> str:
        """of[..., start:stop, ...] along `axis`."""
        return self.op("Slice", of, self.ints(start), self.ints(stop), self.ints(axis))

    def cast(self, of: str, dtype: str) -> str:
        """`of` in another type."""
        return self.op("Cast", of, to=_TYPES[dtype])

    def finish(self, result: str, output: Declared) -> bytes:
        """The checked model's bytes, with `result` under the one name of `output`, of that type and shape."""
        ((name, (dtype, shape)),) = output.items()
        self._nodes.append(helper.make_node("Identity", [result], [name], name))
        told = helper.make_tensor_value_info(name, _TYPES[dtype], list(shape))
        graph = helper.make_graph(self._nodes, self._name, self._inputs, [told], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name=PRODUCER, ir_version=IR_VERSION)
        checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)
