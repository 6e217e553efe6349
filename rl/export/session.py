"""ONNX Runtime as the desk uses it: one thread, one session a process and policy, nothing but plain operators."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import numpy.typing as npt

from data.errors import CorruptFile
from rl.export.inputs import Declared

SESSIONS = 32
"""Kept open in a process: the policies of a desk, and those that a training run compares."""
_QUIET = 3
"""Errors only: ONNX Runtime warns of what a reader cannot mend."""
_RAISED = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
"""What ONNX Runtime raises for a graph; they have no family name of their own."""


class Session:
    """A graph with one output."""

    def __init__(self, content: bytes) -> None:
        """Raises CorruptFile where the bytes are not a graph that this ONNX Runtime runs."""
        import onnxruntime as ort

        options: Any = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.use_deterministic_compute = True
        options.log_severity_level = _QUIET
        try:
            self._session: Any = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except _raised() as error:
            raise _refused() from error

    @property
    def declared(self) -> tuple[Declared, Declared]:
        """Inputs and outputs by name: the ONNX type and the shape, words for dynamic axes."""
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        return ({i.name: (i.type, tuple(i.shape)) for i in inputs}, {o.name: (o.type, tuple(o.shape)) for o in outputs})

    def run(self, arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The output for C-contiguous `arrays` by input name (CorruptFile where the graph fails on them)."""
        try:
            return self._session.run(None, arrays)[0]
        except _raised() as error:
            raise _refused() from error


@lru_cache(maxsize=SESSIONS)
def open_session(content: bytes) -> Session:
    """The session of these very bytes, built once in a process (CorruptFile)."""
    return Session(content)


@cache
def _raised() -> tuple[type[Exception], ...]:
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return tuple(getattr(state, name) for name in _RAISED)


def _refused() -> CorruptFile:
    return CorruptFile("ONNX Runtime refuses the policy's graph", "export it again: `bullpen policies export`")
