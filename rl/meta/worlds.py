"""Many worlds at once: each walks its own symbols from its own start, at its own costs, hearing its own agents.

A world is a row of every array. Beside the controller's book walks the prior's, under the same costs from the same
start: the reward is what the controller does better, and r = 0 earns exactly nothing.
"""

from __future__ import annotations

import numpy as np

from data.errors import InputError
from data.market import BoolArray, FloatArray, IntArray
from rl.meta.books import open_books
from rl.meta.config import MetaConfig
from rl.meta.inputs import MetaInputs, assemble
from rl.meta.tape import Tape, check_rows
from rl.meta.tilt import tilt

RISK_FLOOR = 1e-5
"""Of a slot: a world of pegged currencies must not multiply its noise."""


class Worlds:
    """`count` worlds over `rows` of a tape, none of which touches `held_out`. All randomness comes from `rng`."""

    def __init__(
        self, tape: Tape, rows: slice, config: MetaConfig, count: int, rng: np.random.Generator,
        held_out: slice | None = None,
    ) -> None:  # fmt: skip
        symbols = tape.tradable.shape[1]
        if symbols < config.symbols_per_world:
            raise InputError(f"{symbols} symbols, a world needs {config.symbols_per_world}", "lower symbols_per_world")
        if tape.prior != config.prior:
            raise InputError(f"the tape's prior is {tape.prior}, the config's {config.prior}", "use with_prior")
        self.tape, self.config, self.count, self.rng = tape, config, count, rng
        first, stop = check_rows(tape, rows, config.episode_bars + 1)
        self.starts = _starts(first, stop, config.episode_bars, held_out)
        self.width = config.symbols_per_world
        self.slot: IntArray = np.zeros(count, dtype=np.int64)
        self.ends: IntArray = np.zeros(count, dtype=np.int64)
        self.chosen: IntArray = np.zeros((count, self.width), dtype=np.int64)
        self.silent: BoolArray = np.zeros((count, tape.views.shape[2]), dtype=np.bool_)
        self.blind: BoolArray = np.zeros(count, dtype=np.bool_)
        self.cost_bps: FloatArray = np.zeros((count, self.width))
        empty = np.zeros((count, self.width + 1))
        self.books, self.prior_books = open_books(empty), open_books(empty)
        self.restart(np.ones(count, dtype=np.bool_))

    def restart(self, which: BoolArray) -> None:
        """Begin a new episode in the worlds `which` (W,)."""
        n, config = int(which.sum()), self.config
        if n == 0:
            return
        start = self.starts[self.rng.integers(0, self.starts.size, size=n)]
        self.slot[which], self.ends[which] = start, start + config.episode_bars
        order = self.rng.random((n, self.tape.tradable.shape[1]))
        self.chosen[which] = np.argsort(order, axis=1)[:, : self.width]
        self.silent[which] = self.rng.random((n, self.silent.shape[1])) < config.agent_dropout
        self.blind[which] = self.rng.random(n) < config.blind
        low, high = np.log(config.cost_multiplier_low), np.log(config.cost_multiplier_high)
        multiplier = np.exp(self.rng.uniform(low, high, size=(n, 1)))
        self.cost_bps[which] = self.tape.cost_bps[self.chosen[which]] * multiplier
        held = self._opening(which)
        self.books.restart(which, held)
        self.prior_books.restart(which, held)

    def observe(self) -> tuple[MetaInputs, FloatArray]:
        """What each world sees now: inputs with leading axis W, and views (W, N, 7, 3) after dropout and noise."""
        at = (self.slot[:, None], self.chosen)
        tradable = self.tape.tradable[at]
        inputs = assemble(
            self.tape.market[at],
            self.tape.shared[self.slot] * ~self.blind[:, None],
            tradable,
            self._prior(np.ones(self.count, dtype=np.bool_)),
            self.books.held,
            self.books.drawdown,
        )
        return inputs, self._heard(self.tape.views[at])

    def step(self, inputs: MetaInputs, r: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Act r (W, N + 1) on what was observed; the reward (W,) and which worlds have come to their end (W,).

        The reward is the log growth beyond the prior's, less what the tape's hedge leaves out, less the penalties, in
        units of the prior's risk in a slot: the same for bonds and coins, days and hours.
        """
        at, config = (self.slot[:, None], self.chosen), self.config
        market = self.tape.to_fill[at], self.tape.to_close[at], self.cost_bps
        drawdown, prior_drawdown = self.books.drawdown, self.prior_books.drawdown
        target = tilt(inputs.prior, inputs.held, inputs.tradable, r, config.kappa)
        still = tilt(inputs.prior, self.prior_books.held, inputs.tradable, np.zeros_like(r), config.kappa)
        left_out = (inputs.held - self.prior_books.held)[:, :-1] * self.tape.hedge_gap[at]
        left_out += (target - still)[:, :-1] * self.tape.hedge_day[at]
        growth, prior_growth = self.books.advance(target, *market), self.prior_books.advance(still, *market)
        if not (growth > 0.0).all() or not (prior_growth > 0.0).all():
            raise InputError("a book lost everything or a price is NaN", "check the history's prices and fills")
        turnover = self.books.turnover - self.prior_books.turnover
        fall = _deepening(drawdown, self.books.drawdown) - _deepening(prior_drawdown, self.prior_books.drawdown)
        gain = np.log(growth / prior_growth) - left_out.sum(axis=1)
        gain -= config.turnover_penalty_bps * 1e-4 * turnover + config.drawdown_penalty * fall
        risk = np.maximum(self._risk(still), RISK_FLOOR)
        aversion = 0.5 * config.risk_aversion * (self._risk(target - still) / risk) ** 2
        self.slot = self.slot + 1
        return config.reward_scale * (gain / risk - aversion), self.slot >= self.ends

    def _risk(self, weights: FloatArray) -> FloatArray:
        """Volatility of `weights` (W, N + 1) in one slot, were the symbols independent, (W,)."""
        at = (self.slot[:, None], self.chosen)
        volatility = np.where(self.tape.tradable[at], self.tape.volatility[at], 0.0)
        return np.sqrt(((weights[:, :-1] * volatility) ** 2).sum(axis=1) / self.tape.bars_per_year)

    def _heard(self, views: FloatArray) -> FloatArray:
        """Views (W, N, 7, 3) with silent agents and unknown cells at zero, scores noisy."""
        shape, config = views.shape[:3], self.config
        heard = (self.rng.random(shape, dtype=np.float32) >= config.view_dropout) & ~self.silent[:, None, :]
        noisy = views[..., 0] + config.score_noise * self.rng.standard_normal(shape, dtype=np.float32)
        noisy = np.clip(noisy, -1.0, 1.0) * views[..., 2]
        return np.stack([noisy, views[..., 1], views[..., 2]], axis=-1) * heard[..., None]

    def _prior(self, which: BoolArray) -> FloatArray:
        return self.tape.priors(self.slot[which], self.chosen[which])

    def _opening(self, which: BoolArray) -> FloatArray:
        """Opening weights: all cash in a quarter of the worlds, the prior in a quarter, else a random mixture."""
        prior = self._prior(which)
        n = prior.shape[0]
        mixture = prior * self.rng.gamma(1.0, size=prior.shape)
        mixture /= mixture.sum(axis=1, keepdims=True)
        cash = np.zeros_like(prior)
        cash[:, -1] = 1.0
        kind = self.rng.random((n, 1))
        return np.where(kind < 0.25, cash, np.where(kind < 0.5, prior, mixture))


def _starts(first: int, stop: int, bars: int, held_out: slice | None) -> IntArray:
    """Slots where an episode of `bars` may begin: it ends before `held_out`, or begins an episode's length after it."""
    starts = np.arange(first, stop - bars + 1)
    if held_out is not None:
        starts = starts[(starts + bars < held_out.start) | (starts >= held_out.stop + bars)]
    if starts.size == 0:
        raise InputError("holding dates out leaves none to learn from", "lower folds or episode_bars, or add history")
    return starts


def _deepening(before: FloatArray, after: FloatArray) -> FloatArray:
    return np.maximum(after - before, 0.0)
