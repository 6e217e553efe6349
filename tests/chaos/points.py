"""Where a process can be killed: instants named in the code, instants around each checkpoint's write, or any time."""

from __future__ import annotations

import os
import signal
from collections import Counter

IN_CODE = (
    "taken", "before_collect", "collected", "collected_noted", "claimed", "opened", "kept", "asked", "answered",
    "decided", "before_mark", "marked", "before_send", "after_send", "before_note", "noted", "before_record",
    "after_record",
)  # fmt: skip
"""Those of the graph's nodes and the executor, in the order in which a cycle passes them."""
OF_CHECKPOINTS = ("before_put", "after_put", "before_put_writes", "after_put_writes")
OF_REPLACEMENTS = ("withdrawn", "replaced")
NAMED = (*IN_CODE, *OF_CHECKPOINTS, *OF_REPLACEMENTS)
RANDOM = "random"
"""A SIGKILL from outside, at a time drawn uniformly from how long the undisturbed run takes."""


class Points:
    """Counts the instants that a process passes, and kills it at the `nth` of one name (counted from 1)."""

    def __init__(self, name="", nth=0):
        self.name, self.nth, self.seen = name, nth, Counter()

    def __call__(self, name):
        self.seen[name] += 1
        if name == self.name and self.seen[name] == self.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def around_writes_of(self, saver):
        """The saver, each of whose writes passes two instants."""
        for method in ("put", "put_writes"):
            setattr(saver, method, self._around(method, getattr(saver, method)))
        return saver

    def _around(self, method, write):
        def passing(*args, **kwargs):
            self(f"before_{method}")
            written = write(*args, **kwargs)
            self(f"after_{method}")
            return written

        return passing
