"""Symbol agents in training: they learn what is there, repeat themselves, and never look where they must not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from data.errors import BadConfig, InputError
from data.market import AssetClass
from rl.market import hedged, row_market, starts_in
from rl.ray_session import ray_session
from rl.store import PolicyBundle, PolicyStore, tensor_sha256
from rl.symbol_policy import Actor, SymbolPolicy, stateless_view
from rl.training.bundles import Origin
from rl.training.evaluation import evaluate, run_sleeves, score_returns
from rl.training.figures import figures, max_drawdown, sharpe
from rl.training.pipeline import train_symbol_agents
from rl.training.preset import BenchmarkPreset, EpisodePreset, PPOPreset, Preset, SplitPreset
from rl.training.stage import Checkpoint, Trail
from rl.training.symbol_agents import best_checkpoint, fit, own_heads
from rl.training.views import HeldOut, agent_scores
from tests.rl.histories import history

QUIET = EpisodePreset(noise=0.0, blind=0.0, cost_low=0.0, cost_high=0.0)


@pytest.fixture(scope="module", autouse=True)
def _ray():
    with ray_session(2):
        yield


def preset(samples, **ppo):
    return Preset(
        name="tiny",
        ppo=PPOPreset(samples=samples, rows=128, steps=32, learning_rate=3e-3, hidden=(32,), checkpoints=2, **ppo),
        episodes=QUIET,
        benchmark=BenchmarkPreset(peers=0.0, own_mean=1.0, premium=0.0),
        split=SplitPreset(train=0.5, validation=0.25, embargo_bars=5),
        folds=0,
    )


def fitted(given_history, learn, judge, samples=120_000, seed=1, **ppo):
    market = hedged(row_market(given_history), learn, 0.0, 1.0, 0.0)
    trail = fit(market, learn, judge, preset(samples, **ppo), samples, seed, 252.0, lambda fraction, figures: None)
    return market, trail.checkpoints[-1].tensors


def test_a_planted_signal_is_found_on_dates_that_were_not_learned_from():
    planted, noise = (history(800, 6, memory=m, seed=4, classes=(AssetClass.STOCK,)) for m in (0.25, 0.0))
    learn, unseen = np.arange(800) < 550, slice(560, 800)
    found = []
    for given_history in (planted, noise):
        market, tensors = fitted(given_history, learn, slice(560, 700))
        found.append(sharpe(score_returns(market, unseen, own_heads(market), Actor(tensors)), 252.0))
    assert found[0] > 2.5
    assert abs(found[1]) < 2.5


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    given_history = history(300, 3)
    made = [train_symbol_agents(given_history, preset(12_000), s, Origin({}, "")).symbol_agents for s in (1, 1, 2)]
    a, b, c = (bundle.manifest.sha256 for bundle in made)
    assert a == b == tensor_sha256(made[0].tensors)
    assert a != c
    assert made[0].manifest == made[1].manifest


def test_unseen_dates_change_no_weight():
    one, other = history(300, 3), history(300, 3)
    cut = 230
    other.panel.close[cut:] *= 1.0 + 0.1 * np.arange(70)[:, None]
    other.fill[cut:] *= 2.0
    other.features.values[cut:] += 1.0
    a, b = (train_symbol_agents(h, preset(12_000), 1, Origin({}, "")).symbol_agents for h in (one, other))
    assert a.manifest.sha256 == b.manifest.sha256
    assert a.manifest.metrics["seen"] == b.manifest.metrics["seen"]
    assert a.manifest.metrics["unseen"] != b.manifest.metrics["unseen"]


def test_a_run_says_where_it_comes_from(tmp_path):
    given_history = history(300, 3)
    told = []
    made = train_symbol_agents(given_history, preset(12_000), 5, Origin({"seed": 7}, "bullpen train"), told.append)
    bundle, m = made.symbol_agents, made.symbol_agents.manifest
    assert (m.role, m.source, m.params, m.seed, m.command) == (
        "symbol_agents", "synthetic", {"seed": 7}, 5, "bullpen train",
    )  # fmt: skip
    assert m.data_hash == given_history.fingerprint
    assert m.heads == ("*", "S00", "S01", "S02")
    times = given_history.panel.times
    assert m.trained_from.startswith(str(times[21])[:10])
    assert m.trained_until.startswith(str(times[21 + int(279 * 0.75) - 1])[:10])
    assert set(m.metrics) == {"seen", "validation", "unseen"}
    assert [p.fraction for p in told] == sorted(p.fraction for p in told)
    store = PolicyStore((tmp_path,))
    store.save(bundle)
    scores = SymbolPolicy(store.latest("symbol_agents", "synthetic")).scores(
        given_history.features, given_history.panel.instruments
    )
    assert np.isfinite(scores.score[given_history.ready]).all()


def test_a_loss_that_is_not_a_number_stops_the_run():
    given_history = history(300, 3)
    market = row_market(given_history)
    broken = dataclasses.replace(market, arrays=market.arrays._replace(scale=np.full((300, 3), 1e-320, order="F")))
    with pytest.raises(BadConfig, match="not a number"):
        fit(broken, np.arange(300) < 200, slice(210, 290), preset(9_000), 9_000, 1, 252.0, lambda f, m: None)


def test_a_history_without_complete_bars_is_refused():
    given_history = history(300, 3)
    given_history.ready[:] = False
    with pytest.raises(InputError, match="complete bar"):
        starts_in(row_market(given_history), np.ones(300, dtype=np.bool_))


def test_the_checkpoint_is_the_best_over_all_held_out_dates():
    def trail(bars, *values):
        return Trail(tuple(Checkpoint({}, v, i) for i, v in enumerate(values)), bars)

    assert best_checkpoint([trail(100, 0.0, 2.0, 1.0)]) == 1
    assert best_checkpoint([trail(100, 0.0, 2.0, 1.0), trail(500, 0.0, 0.5, 1.0)]) == 2


def constant(bias):
    """An actor that always prefers what `bias` says."""
    return Actor(
        {
            "encoder.0.weight": np.zeros((4, 56), dtype=np.float32),
            "encoder.0.bias": np.zeros(4, dtype=np.float32),
            "head.weight": np.zeros((5, 4, 7), dtype=np.float32),
            "head.bias": np.tile(np.array(bias, dtype=np.float32), (5, 1)),
        }
    )


def test_an_actor_that_always_buys_is_buy_and_hold():
    market = row_market(history())
    part = slice(50, 300)
    ours = run_sleeves(market, part, own_heads(market), constant([0, -200, -200, 200, -200, -200, -200]))
    whole = run_sleeves(market, part, own_heads(market), None)
    assert np.allclose(ours.net, whole.net, atol=1e-12)
    a = market.arrays
    assert whole.net[10, 2] == pytest.approx(a.close[61, 2] / a.close[60, 2] - 1.0, abs=1e-12)
    result = evaluate(market, part, own_heads(market), constant([0, -200, -200, 200, -200, -200, -200]), 252.0)
    assert result["sharpe"] == pytest.approx(result["equal_weight_sharpe"], abs=1e-6)
    assert result["mean_position"] == pytest.approx(1.0)


def test_an_actor_that_only_holds_stays_out():
    market = row_market(history())
    result = evaluate(market, slice(50, 300), own_heads(market), constant([2000, 0, 0, 0, 0, 0, 0]), 252.0)
    assert result["turnover"] == result["annual_return"] == result["mean_position"] == result["score_sharpe"] == 0.0
    assert result["equal_weight_annual_volatility"] > 0.0
    view = stateless_view(constant([2000, 0, 0, 0, 0, 0, 0]), market.arrays.block, own_heads(market))
    assert np.allclose(view[0], 0.0)


def test_evaluation_reads_nothing_after_its_part():
    one, other = history(), history()
    other.panel.close[200:] *= 3.0
    other.fill[200:] *= 3.0
    actor, heads = constant([0.0, 1.0, 0.5, 0.2, 1.0, 0.1, 0.3]), np.array([1, 2, 3, 4])
    a, b = (evaluate(row_market(h), slice(50, 200), heads, actor, 252.0) for h in (one, other))
    assert a == b


def test_views_within_a_fold_come_from_agents_that_did_not_see_it(tmp_path):
    given_history = history(300, 3)
    first, second = (train_symbol_agents(given_history, preset(5_000), s, Origin({}, "")).symbol_agents for s in (1, 2))
    assert isinstance(first, PolicyBundle)
    part = slice(100, 150)
    scores = agent_scores(given_history, SymbolPolicy(first), [HeldOut(part, SymbolPolicy(second))])
    alone = [SymbolPolicy(b).scores(given_history.features, given_history.panel.instruments) for b in (first, second)]
    assert list(scores) == ["news", "social", "macro", "momentum", "mean_reversion", "risk", "policy"]
    mixed = scores["policy"]
    assert np.allclose(mixed.score[part], alone[1].score[part], atol=1e-12)
    assert np.array_equal(mixed.score[150:], alone[0].score[150:], equal_nan=True)
    assert np.array_equal(mixed.confidence[:100], alone[0].confidence[:100], equal_nan=True)


def test_figures_by_hand():
    returns = np.array([0.1, -0.5, 0.2])
    assert max_drawdown(returns) == pytest.approx(0.5)
    assert sharpe(returns, 252.0) == pytest.approx(returns.mean() / returns.std() * np.sqrt(252.0))
    assert figures(returns, 3.0)["annual_return"] == pytest.approx(1.1 * 0.5 * 1.2 - 1.0)
    assert sharpe(np.zeros(5), 252.0) == 0.0


def test_score_returns_by_hand():
    given_history = history(60, 3, classes=(AssetClass.STOCK, AssetClass.STOCK, AssetClass.FOREX))
    market = row_market(given_history)
    actor = constant([0.0] * 7)
    actor.head_bias[1, 3] = actor.head_bias[2, 5] = 5.0
    found = score_returns(market, slice(30, 50), np.array([1, 2, 3]), actor)
    score = stateless_view(actor, market.arrays.block[:, 30:48], np.array([1, 2, 3]))[0].T
    a = market.arrays
    move = (a.fill[31:49] / a.fill[30:48] - 1.0) / a.scale[30:48]
    gap = 0.5 * (score[:, 0] - score[:, 1])
    assert (gap > 0.1).all()
    assert np.allclose(found, 0.5 * gap * (move[:, 0] - move[:, 1]), atol=1e-12)
