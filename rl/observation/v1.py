"""Slices of obs-v1 by name, for what is written for that observation alone."""

from __future__ import annotations

from typing import Final

from rl.observation.catalog import OBS_V1

OBS_ID: Final = OBS_V1.id
OBS_WIDTH: Final = OBS_V1.width

SCHEMA: Final[dict[str, slice]] = OBS_V1.slices
FEATURES: Final = SCHEMA["features"]
SHARED: Final = SCHEMA["shared"]
CLASS: Final = SCHEMA["class"]
OWN: Final = SCHEMA["own"]
MASK: Final = OBS_V1.mask
PADDING: Final = SCHEMA["padding"]
"""Zeros, kept for later columns."""
HEAD: Final = OBS_V1.head
"""Index of the head that answers; not an input of the network."""
BLOCK_WIDTH: Final = OBS_V1.bar_width
"""Columns that depend on the market alone."""
INPUTS: Final = OBS_V1.inputs
"""Columns the network reads."""
