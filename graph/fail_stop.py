"""A checkpointer's rule: after a write that failed, no further step of the same run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Condition
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.base import BaseCheckpointSaver

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata


class FailStop(BaseCheckpointSaver[str]):
    """Put before a saver in a class's bases.

    LangGraph calls `put_writes` in the background, hears of its failure only when the run is over, and would take
    every step until then, sending orders among them. Here the checkpoint that follows waits for it and fails with it,
    and before that no step begins. Whoever starts a run says so (`begin`): then what was left undone is in what the run
    reads first, and the failure is over. Reading alone ends none, for a page may look on while a run is failing.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._failed: dict[str, Exception] = {}
        self._writing: Counter[str] = Counter()
        self._ended = Condition()

    def begin(self, thread_id: str) -> None:
        """A run of the thread is about to start, from what is stored."""
        self._failed.pop(thread_id, None)

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
        thread = _thread(config)
        with self._ended:
            self._writing[thread] += 1
        try:
            super().put_writes(config, writes, task_id, task_path)
        except Exception as error:
            self._failed[thread] = error
            raise
        finally:
            with self._ended:
                self._writing[thread] -= 1
                self._ended.notify_all()

    def _refuse(self, config: RunnableConfig) -> None:
        """Raise where a write of the run has failed; those under way are waited for."""
        thread = _thread(config)
        with self._ended:
            self._ended.wait_for(lambda: self._writing[thread] == 0)
        error = self._failed.get(thread)
        if error is not None:
            raise error


def _thread(config: RunnableConfig) -> str:
    return str(config.get("configurable", {}).get("thread_id"))
