"""A sum tree: draws leaves in proportion to their priority in O(log n), after Schaul et al. 2016, appendix B.2.1."""

from __future__ import annotations

import numpy as np

from data.compiled import njit
from data.errors import InputError
from data.market import FloatArray, IntArray


class SumTree:
    """`leaves` priorities, all 0 at first; a leaf of priority 0 is never drawn."""

    def __init__(self, leaves: int) -> None:
        self._first = 1 << max(leaves - 1, 1).bit_length()
        self.nodes = np.zeros(2 * self._first)
        self.leaves = leaves

    @property
    def total(self) -> float:
        """Sum of all priorities."""
        return float(self.nodes[1])

    def priorities(self, at: IntArray) -> FloatArray:
        """Priorities of the leaves `at` (n,)."""
        return self.nodes[self._first + at]

    def assign(self, at: IntArray, priorities: FloatArray) -> None:
        """Give the leaves `at` (n,) new priorities (n,); of a leaf named twice the last counts.

        Raises InputError where one is negative or not finite.
        """
        if not np.isfinite(priorities).all() or (priorities < 0.0).any():
            raise InputError("a replay priority is negative or not finite", "training diverged: lower learning rates")
        _assign(self.nodes, self._first, np.ascontiguousarray(at), np.ascontiguousarray(priorities, dtype=np.float64))

    def draw(self, uniforms: FloatArray) -> IntArray:
        """Leaves (n,) for `uniforms` (n,) in [0, 1): leaf i wherever the running sum of priorities passes u * total.

        Raises InputError where all priorities are 0.
        """
        if not self.total > 0.0:
            raise InputError("the replay holds nothing that can be drawn", "sample more bars before learning")
        return _draw(self.nodes, self._first, np.ascontiguousarray(uniforms, dtype=np.float64))


@njit(cache=True)
def _assign(nodes: FloatArray, first: int, at: IntArray, priorities: FloatArray) -> None:
    for i in range(at.size):
        node = first + at[i]
        nodes[node] = priorities[i]
        while node > 1:
            node //= 2
            nodes[node] = nodes[2 * node] + nodes[2 * node + 1]


@njit(cache=True)
def _draw(nodes: FloatArray, first: int, uniforms: FloatArray) -> IntArray:
    found = np.empty(uniforms.size, dtype=np.int64)
    for i in range(uniforms.size):
        left, node = uniforms[i] * nodes[1], 1
        while node < first:
            node *= 2
            # A side without priority is never entered, whatever rounding left over.
            if nodes[node + 1] > 0.0 and (left >= nodes[node] or nodes[node] == 0.0):
                left -= nodes[node]
                node += 1
        found[i] = node - first
    return found
