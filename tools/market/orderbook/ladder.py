"""Which price levels are taken: a bitmap over ticks that finds the next one above or below in four steps."""

from __future__ import annotations

from numba import njit

from data.market import IntArray

MAX_TICKS = 1 << 20
"""Ticks 0 .. MAX_TICKS - 1 of a book's window: four levels of 32-way words."""
WORDS = 32768 + 1024 + 32 + 1
"""Words of one bitmap. They are int64 of which 32 bits are used, so that no shift meets the sign."""
_OFFSET = (0, 32768, 32768 + 1024, 32768 + 1024 + 32)


@njit(cache=True)
def mark(bits: IntArray, tick: int) -> None:
    """Set `tick` in `bits` (WORDS,)."""
    for level in range(4):
        word = _OFFSET[level] + (tick >> 5)
        before = bits[word]
        bits[word] = before | (1 << (tick & 31))
        if before != 0:
            return
        tick >>= 5


@njit(cache=True)
def unmark(bits: IntArray, tick: int) -> None:
    """Clear `tick`, which is set."""
    for level in range(4):
        word = _OFFSET[level] + (tick >> 5)
        bits[word] &= ~(1 << (tick & 31))
        if bits[word] != 0:
            return
        tick >>= 5


@njit(cache=True)
def above(bits: IntArray, tick: int) -> int:
    """The lowest tick that is set above `tick` (>= 0); -1 where there is none."""
    for level in range(4):
        word = tick >> 5
        rest = bits[_OFFSET[level] + word] & (-2 << (tick & 31))
        if rest != 0:
            tick = (word << 5) + _lowest(rest)
            for down in range(level - 1, -1, -1):
                tick = (tick << 5) + _lowest(bits[_OFFSET[down] + tick])
            return tick
        tick = word
    return -1


@njit(cache=True)
def below(bits: IntArray, tick: int) -> int:
    """The highest tick that is set below `tick`; -1 where there is none."""
    for level in range(4):
        word = tick >> 5
        rest = bits[_OFFSET[level] + word] & ((1 << (tick & 31)) - 1)
        if rest != 0:
            tick = (word << 5) + _highest(rest)
            for down in range(level - 1, -1, -1):
                tick = (tick << 5) + _highest(bits[_OFFSET[down] + tick])
            return tick
        tick = word
    return -1


@njit(cache=True)
def _highest(word: int) -> int:
    """Place of the highest bit of 0 < word < 2^32."""
    place = 0
    for shift in (16, 8, 4, 2, 1):
        if word >> shift != 0:
            word >>= shift
            place += shift
    return place


@njit(cache=True)
def _lowest(word: int) -> int:
    """Place of the lowest bit of 0 < word < 2^32."""
    return _highest(word & -word)
