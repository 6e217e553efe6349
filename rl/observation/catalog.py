"""The observations there are, by id."""

from __future__ import annotations

from typing import Final

from data.errors import BadConfig
from rl.nearest import nearest
from rl.observation.columns import (
    CLASS_COLUMNS,
    DIRECTIVE_COLUMNS,
    FORECAST_COLUMNS,
    MACRO_COLUMNS,
    OWN_COLUMNS,
    PORTFOLIO_COLUMNS,
    REGIME_COLUMNS,
    ROOM_COLUMNS,
    SENTIMENT_COLUMNS,
    SHARED_COLUMNS,
    SYMBOL_COLUMNS,
    TECHNICAL_COLUMNS,
)
from rl.observation.parts import ObservationSchema, Part

OBS_V1: Final = ObservationSchema(
    id="obs-v1",
    window=1,
    bar=(Part("features", "symbol", SYMBOL_COLUMNS), Part("shared", "market", SHARED_COLUMNS),
         Part("class", "class", CLASS_COLUMNS)),
    context=(),
    own=OWN_COLUMNS,
    portfolio=(),
    directives=(),
    width=64,
)  # fmt: skip
"""One bar in 64 columns."""

OBS_V2: Final = ObservationSchema(
    id="obs-v2",
    window=24,
    bar=(Part("technical", "symbol", TECHNICAL_COLUMNS),),
    context=(Part("sentiment", "symbol", SENTIMENT_COLUMNS), Part("forecasts", "forecast", FORECAST_COLUMNS),
             Part("macro", "market", MACRO_COLUMNS), Part("regime", "market", REGIME_COLUMNS),
             Part("class", "class", CLASS_COLUMNS)),
    own=(*OWN_COLUMNS, *ROOM_COLUMNS),
    portfolio=PORTFOLIO_COLUMNS,
    directives=DIRECTIVE_COLUMNS,
    width=608,
)  # fmt: skip
"""24 bars and what stands around them, in 608 columns: 19 cache lines of 32."""

SCHEMAS: Final = {s.id: s for s in (OBS_V1, OBS_V2)}


def schema(obs_id: str) -> ObservationSchema:
    """The observation of that id; BadConfig with the nearest one where there is none."""
    if obs_id not in SCHEMAS:
        raise BadConfig(f"no observation {obs_id!r}", nearest(obs_id, SCHEMAS))
    return SCHEMAS[obs_id]
