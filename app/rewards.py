"""The analysis of a reward as a person starts it: a source's history in, figures and a page of plots out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.errors import BadConfig
from rl.config_file import nearest, read_config
from rl.forecasts import Forecaster
from rl.market import row_market
from rl.observation import OBS_ID, schema
from rl.policies.plain import numpy_network
from rl.reward import PARTS, REFERENCE, RewardConfig
from rl.reward.analysis import behaviour
from rl.reward.page import RewardPage, write_page
from rl.reward.rolling import Choose, at_random, buy_and_hold, roll, sampled
from rl.training.preset import PRESETS, load_preset

if TYPE_CHECKING:
    from app.runtime import Market
    from data.market import IntArray
    from rl.store import PolicyBundle

NAMED = {"default": RewardConfig(), "reference": REFERENCE}


@dataclass(frozen=True, slots=True)
class RewardOrder:
    """What is analysed: the reward by name or file, over the last `bars` bars, with the random agent's seed."""

    reward: str = "default"
    bars: int = 1000
    seed: int = 0
    policy: bool = True
    """Whether the policy in use is asked too."""


def read_reward(name: str) -> RewardConfig:
    """default, reference, the reward of a preset, or a YAML file of RewardConfig's fields; else BadConfig."""
    if name.endswith((".yaml", ".yml")):
        return read_config(RewardConfig, Path(name))
    presets = [path.stem for path in PRESETS.glob("*.yaml")]
    if name in presets:
        return load_preset(name).reward
    if name not in NAMED:
        raise BadConfig(f"no reward {name!r}", nearest(name, [*NAMED, *presets]))
    return NAMED[name]


def analyze_rewards(
    market: Market, order: RewardOrder, out: Path, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Roll each way of acting over the history; figures by behaviour, and where the page is."""
    reward = read_reward(order.reward)
    first, last = market.source.span()
    history = market.builder.history(first, market.slots.at_or_before(last))
    chosen = market.policies.symbol_agents.bundle if order.policy else None
    shown = schema(chosen.manifest.obs_id if chosen else OBS_ID)
    told = Forecaster.from_tensors(chosen.tensors) if chosen and shown.needs_forecasts else None
    rows = row_market(history, market.config.costs, shown, told)
    part = slice(max(0, rows.slots - order.bars), rows.slots)
    ways = _ways(chosen, rows.symbols, order.seed)
    behaviours, drawn = {}, {}
    for done, (name, (heads, choose)) in enumerate(ways.items(), start=1):
        parts = roll(rows, reward, part, heads, choose).reshape(-1, len(PARTS))
        behaviours[name] = behaviour(parts)
        drawn[name] = parts[np.isfinite(parts).all(axis=1)]
        progress(done, len(ways))
    label = "SIMULATED" if market.source.name == "simulated" else ""
    settings = {"reward": reward.model_dump(mode="json"), "source": market.source.name, "data": history.fingerprint,
                "bars": part.stop - part.start, "seed": order.seed}  # fmt: skip
    page = write_page(out, RewardPage(f"Reward {order.reward}", label, behaviours, drawn, settings))
    told = {name: found.as_json() for name, found in behaviours.items()}
    return {"settings": settings, "behaviours": told, "page": str(page)}


def _ways(policy: PolicyBundle | None, symbols: tuple[str, ...], seed: int) -> dict[str, tuple[IntArray, Choose]]:
    """Ways of acting by name, each with the heads that answer."""
    generic = np.zeros(len(symbols), dtype=np.int64)
    ways: dict[str, tuple[IntArray, Choose]] = {
        "random": (generic, at_random(seed)),
        "buy and hold": (generic, buy_and_hold),
    }
    if policy is not None:
        network = numpy_network(policy.manifest.module, policy.tensors)
        ways[policy.manifest.policy_id] = (_heads(policy, symbols), sampled(network, seed))
    return ways


def _heads(bundle: PolicyBundle, symbols: tuple[str, ...]) -> IntArray:
    """The head of each symbol (S,); 0, the generic one, for strangers."""
    heads = {symbol: i for i, symbol in enumerate(bundle.manifest.heads) if i > 0}
    return np.array([heads.get(symbol, 0) for symbol in symbols], dtype=np.int64)
