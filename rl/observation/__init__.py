"""The observations of symbol agents: versioned schemas of named slices; obs-v1 is the default."""

from rl.observation.build import Observed, known_cells, market_block, observe, shown_at, without_market_wide
from rl.observation.catalog import OBS_V1, OBS_V2, SCHEMAS, schema
from rl.observation.columns import CLASSES, FORECAST_HORIZONS, OWN_COLUMNS, SHARED_COLUMNS, SYMBOL_COLUMNS
from rl.observation.parts import ObservationSchema, Part
from rl.observation.transform import BAR_FRACTION, DAILY, VOL_FLOOR, Transform, bar_volatility, bars_a_year
from rl.observation.v1 import (
    BLOCK_WIDTH,
    CLASS,
    FEATURES,
    HEAD,
    INPUTS,
    MASK,
    OBS_ID,
    OBS_WIDTH,
    OWN,
    PADDING,
    SCHEMA,
    SHARED,
)

__all__ = [
    "BAR_FRACTION", "BLOCK_WIDTH", "CLASS", "CLASSES", "DAILY", "FEATURES", "FORECAST_HORIZONS", "HEAD", "INPUTS",
    "MASK", "OBS_ID", "OBS_V1", "OBS_V2", "OBS_WIDTH", "OWN", "OWN_COLUMNS", "PADDING", "SCHEMA", "SCHEMAS", "SHARED",
    "SHARED_COLUMNS", "SYMBOL_COLUMNS", "VOL_FLOOR", "ObservationSchema", "Observed", "Part", "Transform",
    "bar_volatility", "bars_a_year", "known_cells", "market_block", "observe", "schema", "shown_at",
    "without_market_wide",
]  # fmt: skip
