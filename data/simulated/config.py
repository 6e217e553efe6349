"""What the simulated market is made of: the structure planted on purpose, and the plain dynamics around it.

`Planted` is all there is to find; `Dynamics` only makes the paths look like markets. Both enter the fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass

GENERATOR = "1"
"""Version of the generator: any change of the code that changes a byte of the output raises it."""

REGIMES = ("calm", "normal", "turbulent")
REGIME_SHARE = (0.47, 0.35, 0.18)
"""Long-run share of days in each regime."""
FACTORS = ("market", "rates", "growth", "commodity", "crypto", "dollar")
SECTORS = (
    "technology", "health", "financials", "industrials", "energy", "consumer", "utilities", "materials",
)  # fmt: skip
ALL_FACTORS = FACTORS + SECTORS
"""Factor order of every (D, 14) array: six macro factors, then one shock a sector."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Every predictable thing in the simulated market, and how strong it is.

    An `ic` is the daily drift in units of the symbol's own daily volatility for one unit of the signal, so it is close
    to the correlation of the signal with the next return. An `effect` is the whole drift, in the same units, that
    follows one text of tone +1, spread over the next sessions by `effect_decay`. All drift falls between a session's
    open and its close, so a decision at a close that is filled at the next open can earn it.
    """

    momentum_ic: float = 0.04
    """Slow momentum: signal = return averaged with `momentum_half_life`, standardised, clipped to +-2."""
    momentum_half_life: float = 40.0
    """Sessions."""
    reversal_ic: float = 0.05
    """Mean reversion: minus the same signal over `reversal_half_life`."""
    reversal_half_life: float = 3.0
    """Sessions."""
    relative: float = 0.7
    """Share of the stocks' average return taken out of a stock's signal: its trend is mostly against its peers."""
    news_effect: float = 0.20
    """Drift after a headline about a symbol whose news LEADS."""
    post_effect: float = 0.12
    """Drift after a post about a symbol whose posts LEAD."""
    effect_decay: tuple[float, ...] = (0.5, 0.3, 0.2)
    """Share of the effect in the first, second, third session after the text."""
    follow_correlation: float = 0.7
    """Correlation of the tone with the previous session's return where tone FOLLOWS (useless for prediction)."""
    regime_drift: tuple[float, float, float] = (0.15, 0.11, -0.18)
    """Log drift of the market factor a year in each regime."""
    macro_drift: float = 0.04
    """Market drift a year for one standard deviation of the growth state (seen later through its releases)."""

    def scaled(self, signal: float) -> Planted:
        """The same market with everything predictable times `signal`: 0 leaves noise and a constant premium."""
        mean = sum(p * d for p, d in zip(REGIME_SHARE, self.regime_drift, strict=True))
        calm, normal, turbulent = (mean + signal * (d - mean) for d in self.regime_drift)
        return Planted(
            self.momentum_ic * signal, self.momentum_half_life, self.reversal_ic * signal, self.reversal_half_life,
            self.relative, self.news_effect * signal, self.post_effect * signal, self.effect_decay,
            self.follow_correlation, (calm, normal, turbulent), self.macro_drift * signal,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dynamics:
    """Stylised facts that carry no forecast of direction. Regime tuples are in the order of REGIMES."""

    leave: tuple[tuple[float, float, float], ...] = (
        (1 - 1 / 120 - 1 / 700, 1 / 120, 1 / 700),
        (1 / 80, 1 - 1 / 80 - 1 / 90, 1 / 90),
        (1 / 900, 1 / 40, 1 - 1 / 40 - 1 / 900),
    )
    """Regime transition matrix a calendar day: spells of about 100, 40 and 40 days; shares REGIME_SHARE."""
    factor_vol: tuple[float, ...] = (0.0085, 0.0032, 0.004, 0.010, 0.028, 0.004) + (0.005,) * len(SECTORS)
    """Daily volatility of each of ALL_FACTORS in the normal regime."""
    regime_vol: tuple[tuple[float, float, float], ...] = (
        ((0.70, 1.0, 2.0), (0.8, 1.0, 1.4), (0.8, 1.0, 1.5), (0.8, 1.0, 1.7), (0.75, 1.0, 1.4), (0.8, 1.0, 1.5))
        + ((0.85, 1.0, 1.2),) * len(SECTORS)
    )  # fmt: skip
    """Multiplier of each factor's volatility in each regime."""
    idio_regime_vol: tuple[float, float, float] = (0.88, 1.0, 1.2)
    """Own noise grows less than the factors in turbulence: correlations rise."""
    correlation: tuple[tuple[str, str, float, float], ...] = (
        ("market", "rates", -0.15, -0.40), ("market", "commodity", 0.20, 0.50), ("market", "crypto", 0.15, 0.50),
        ("market", "dollar", -0.15, -0.35), ("commodity", "dollar", -0.30, -0.35), ("commodity", "crypto", 0.05, 0.30),
    )  # fmt: skip
    """Pairs of factors: correlation outside and inside turbulence."""
    factor_drift: tuple[float, ...] = (0.0, 0.012, 0.0, 0.0, 0.10, 0.0) + (0.0,) * len(SECTORS)
    """Log drift a year besides the market's, which is planted."""
    garch: tuple[float, float, float] = (0.06, 0.90, 0.03)
    """Shock, memory and leverage weights of the volatility recursion (unit unconditional variance)."""
    tail: float = 5.0
    """Degrees of freedom of Student-t shocks, scaled to unit variance."""
    jump: tuple[float, float, float] = (0.004, -1.0, 2.5)
    """Factor jumps: chance a day, mean and sd in units of the day's volatility."""
    idio_jump: tuple[float, float] = (0.008, 3.0)
    """Own jumps: chance a day, sd in units of own volatility."""
    overnight: float = 0.30
    """Share of a day's variance before the XNYS open."""
    midnight: float = 0.03
    """Share of a day's variance between sessions of markets that hardly close (CMES, 24/5, 24/7)."""
    weekend: float = 0.7
    """Crypto volatility on Saturday and Sunday; every other market stands still."""


@dataclass(frozen=True, slots=True)
class TextRates:
    """How often something is written."""

    headlines: float = 0.15
    """Chance of a headline a symbol a session."""
    market_headlines: float = 0.40
    """Chance of a headline about the whole market a session."""
    posts: float = 0.20
    """Chance of a post a session, for symbols people post about."""
