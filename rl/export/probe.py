"""A fixed batch of raw inputs for each kind of policy, and what numpy answers to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data.market import FloatArray
from rl.export.raw import transforms
from rl.meta.actor import VIEW_WIDTH, Actor
from rl.meta.inputs import AGENTS, RAW_FEATURES, SHARED_BOOK_COLUMNS, VIEW_PARTS, MetaInputs, assemble, columns_of
from rl.observation import DAILY, ObservationSchema, Transform
from rl.observation.transform import transformed
from rl.policies.network import Network, Tensors

Arrays = dict[str, npt.NDArray[Any]]
ROWS, SYMBOLS, QUESTIONS = 16, 5, 3
PER_YEAR = 7.0 * DAILY
"""Hourly bars: a year that is not left out by being 1."""
SPREAD = 1.5
"""Standard deviation of the columns: some are clipped, most are not."""


def symbol_probe(shown: ObservationSchema, heads: int, rows: int = ROWS, seed: int = 0) -> Arrays:
    """Inputs of `rl.export.symbol_agents.policy_inputs` drawn so that the columns are about normal; some unknown.

    In every third window the first bars have no volatility yet, as where the history begins.
    """
    rng, year = np.random.default_rng(seed), (PER_YEAR / DAILY) ** 0.5
    volatility = np.exp(rng.normal(np.log(0.01), 0.5, (rows, shown.window)))
    volatility[::3, : shown.window // 2] = np.nan
    own = len(shown.own) + len(shown.portfolio) + len(shown.directives)
    mask = (rng.random((rows, 7)) < 0.7).astype(np.float32)
    mask[:, 0] = 1.0
    found: Arrays = {
        "bars": _raw(rng, transforms(shown.bar), volatility, year),
        "volatility": volatility,
        "year": np.array([year]),
        "own": rng.normal(0.0, 1.0, (rows, own)).astype(np.float32),
        "mask": mask,
        "head": rng.integers(0, heads, rows),
    }
    return found | ({"context": _raw(rng, transforms(shown.context), volatility[:, -1], year)} if shown.context else {})


def _raw(rng: np.random.Generator, columns: tuple[Transform, ...], volatility: FloatArray, year: float) -> FloatArray:
    """Raw values (..., K) of columns drawn from a normal distribution; one cell in fifty is unknown."""
    drawn = SPREAD * rng.standard_normal((*volatility.shape, len(columns)))
    out = np.empty_like(drawn)
    for k, c in enumerate(columns):
        x = drawn[..., k] * c.scale + c.center
        out[..., k] = np.exp(x) / year if c.log else x * (volatility * np.sqrt(c.bars) if c.bars else 1.0)
    out[rng.random(out.shape) < 0.02] = np.nan
    return out


def answer_by_numpy(network: Network, shown: ObservationSchema, inputs: Arrays) -> FloatArray:
    """Logits (N, A) for the inputs of a graph, by way of the observation rows that they stand for."""
    volatility, per_year = inputs["volatility"], DAILY * float(inputs["year"][0]) ** 2
    bars = _columns(transforms(shown.bar), inputs["bars"], volatility, per_year).reshape(len(volatility), -1)
    parts = [bars, inputs["own"], inputs["mask"]]
    if shown.context:
        parts.insert(1, _columns(transforms(shown.context), inputs["context"], volatility[:, -1], per_year))
    obs = np.zeros((len(volatility), shown.width), dtype=np.float32)
    obs[:, shown.inputs] = np.concatenate(parts, axis=1)
    obs[:, shown.head] = inputs["head"]
    return network.logits(obs)


def _columns(
    columns: tuple[Transform, ...], raw: FloatArray, volatility: FloatArray, per_year: float
) -> npt.NDArray[np.float32]:
    found = [transformed(c, raw[..., k], volatility, per_year) for k, c in enumerate(columns)]
    return np.nan_to_num(np.stack(found, axis=-1)).astype(np.float32)


def meta_probe(tensors: Tensors, symbols: int = SYMBOLS, questions: int = QUESTIONS, seed: int = 0) -> Arrays:
    """Inputs of `rl.export.meta_controller.meta_inputs`; the last symbol cannot be traded and is unknown."""
    rng, shared = np.random.default_rng(seed), tensors["embed.shared"].shape[1] - len(SHARED_BOOK_COLUMNS)
    values = rng.normal(0.0, 0.3, (symbols, len(RAW_FEATURES)))
    values[:, -2:] = np.exp(rng.normal(np.log(0.2), 0.7, (symbols, 2)))
    tradable = np.arange(symbols) < symbols - 1
    values[~tradable] = np.nan
    prior, held = rng.random(symbols + 1), rng.random(symbols + 1)
    prior[:-1][~tradable] = 0.0
    return {
        "values": values,
        "shared": rng.normal(0.0, 1.0, shared),
        "tradable": tradable.astype(np.float64),
        "prior": prior / prior.sum(),
        "held": held / held.sum(),
        "drawdown": np.array([0.1]),
        "views": rng.uniform(-1.0, 1.0, (questions, symbols, VIEW_WIDTH)),
    }


def meta_answer(tensors: Tensors, inputs: Arrays) -> FloatArray:
    """Tilts (B, S + 1) for the inputs of a graph, by `rl.meta.actor`."""
    at = {name: inputs["values"][:, k] for k, name in enumerate(RAW_FEATURES)}
    tradable = inputs["tradable"] > 0.5
    given: MetaInputs = assemble(
        columns_of(at), inputs["shared"], tradable, inputs["prior"], inputs["held"], np.float64(inputs["drawdown"][0])
    )
    return Actor(tensors).tilts(given, inputs["views"].reshape(-1, len(tradable), len(AGENTS), len(VIEW_PARTS)))
