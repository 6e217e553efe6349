"""Which price levels are taken: a bitmap over ticks that finds the next one above or below in four steps."""

from __future__ import annotations

from data.compiled import compiled
from data.market import IntArray

MAX_TICKS = 1 << 20
"""Ticks 0 .. MAX_TICKS - 1 of a book's window: four levels of 32-way words."""
WORDS = 32768 + 1024 + 32 + 1
"""Words of one bitmap. They are int64 of which 32 bits are used, so that no shift meets the sign."""
_OFFSET = (0, 32768, 32768 + 1024, 32768 + 1024 + 32)


@compiled
def mark(bits: IntArray, row: int, tick: int) -> None:
    """Set `tick` in `row` of `bits` (rows, WORDS)."""
    for level in range(4):
        word = _OFFSET[level] + (tick >> 5)
        before = bits[row, word]
        bits[row, word] = before | (1 << (tick & 31))
        if before != 0:
            return
        tick >>= 5


@compiled
def unmark(bits: IntArray, row: int, tick: int) -> None:
    """Clear `tick`, which is set."""
    for level in range(4):
        word = _OFFSET[level] + (tick >> 5)
        bits[row, word] &= ~(1 << (tick & 31))
        if bits[row, word] != 0:
            return
        tick >>= 5


@compiled
def above(bits: IntArray, row: int, tick: int) -> int:
    """The lowest tick that is set above `tick` (>= 0); -1 where there is none."""
    for level in range(4):
        word = tick >> 5
        rest = bits[row, _OFFSET[level] + word] & (-2 << (tick & 31))
        if rest != 0:
            tick = (word << 5) + _lowest(rest)
            for down in range(level - 1, -1, -1):
                tick = (tick << 5) + _lowest(bits[row, _OFFSET[down] + tick])
            return tick
        tick = word
    return -1


@compiled
def below(bits: IntArray, row: int, tick: int) -> int:
    """The highest tick that is set below `tick`; -1 where there is none."""
    for level in range(4):
        word = tick >> 5
        rest = bits[row, _OFFSET[level] + word] & ((1 << (tick & 31)) - 1)
        if rest != 0:
            tick = (word << 5) + _highest(rest)
            for down in range(level - 1, -1, -1):
                tick = (tick << 5) + _highest(bits[row, _OFFSET[down] + tick])
            return tick
        tick = word
    return -1


@compiled
def _highest(word: int) -> int:
    """Place of the highest bit of 0 < word < 2^32."""
    place = 0
    for shift in (16, 8, 4, 2, 1):
        if word >> shift != 0:
            word >>= shift
            place += shift
    return place


@compiled
def _lowest(word: int) -> int:
    """Place of the lowest bit of 0 < word < 2^32."""
    return _highest(word & -word)
