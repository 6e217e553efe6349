"""A checkpointer's rule: after a write that failed, no further step of the same run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.base import BaseCheckpointSaver

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple


class FailStop(BaseCheckpointSaver[str]):
    """Put before a saver in a class's bases.

    LangGraph hears of a failed `put_writes` only when the run is over, and would take every step until then, sending
    orders among them. Here the checkpoint that follows fails with it, and before that no step begins. A run begins by
    reading its thread: then what was left undone is in what it reads, and the failure is over.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._failed: dict[str, Exception] = {}

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """See BaseCheckpointSaver."""
        found = super().get_tuple(config)
        self._failed.pop(_thread(config), None)
        return found

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """See BaseCheckpointSaver; raises where an earlier write of the run has failed, or fails meanwhile."""
        self._refuse(config)
        try:
            written = super().put(config, checkpoint, metadata, new_versions)
        except Exception as error:
            self._failed[_thread(config)] = error
            raise
        self._refuse(config)
        return written

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """See BaseCheckpointSaver."""
        try:
            super().put_writes(config, writes, task_id, task_path)
        except Exception as error:
            self._failed[_thread(config)] = error
            raise

    def _refuse(self, config: RunnableConfig) -> None:
        error = self._failed.get(_thread(config))
        if error is not None:
            raise error


def _thread(config: RunnableConfig) -> str:
    return str(config.get("configurable", {}).get("thread_id"))
