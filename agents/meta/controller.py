"""The meta-controller: views in, one allocation out, by the first link of a chain that holds.

    policy -> rule:blend-v1 -> prior:inverse_volatility -> prior:equal_weight -> hold -> cash

The prior is the one that the policy was trained on: its manifest says which, inverse volatility where it does not.
Each link that failed stands in the allocation with its reason; the one that was used is the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from agents.meta.allocation import Allocation, Fallback
from agents.meta.attribution import attribute, shapley
from agents.meta.desk import Holdings, holdings, present_agents, views_array
from agents.policies.chosen import Chosen, policy_use, without_graph
from agents.view import View
from data.errors import CorruptFile, InputError, PriorUnavailable
from data.market import CASH, BoolArray, FloatArray
from data.snapshot import Snapshot
from rl.meta.blend import blend_v1
from rl.meta.inputs import AGENTS, MetaInputs, build_inputs, open_prior
from rl.meta.policy import MetaPolicy
from rl.meta.prior import DEFAULT, PRIOR_VOL_FLOOR, known_correlation, prior_named
from rl.meta.raw import raw_market
from rl.meta.shown import input_sources
from rl.meta.tilt import tilt
from tools.execution.book import Book
from tools.portfolio.prior import CASH_SHARE, PriorName, balanced_risk, equal_weight, inverse_volatility

WEIGHT_DECIMALS = 9
"""Weights are rounded here, so that the last bits of a BLAS never reach a record; cash takes up the rest."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What a link decides over the snapshot's symbols and cash, (S + 1,) each, `agents` by name; `context` are the
    groups of inputs that move it when no view is shown."""

    weights: FloatArray
    prior: FloatArray
    agents: dict[str, FloatArray]
    context: dict[str, FloatArray] = field(default_factory=dict[str, FloatArray])


@dataclass(frozen=True, slots=True)
class Case:
    """One decision to take; `known` is the book as weights."""

    snapshot: Snapshot
    views: tuple[View, ...]
    known: Holdings


Link = Callable[[Case], Shares]


@dataclass(frozen=True, slots=True)
class MetaController:
    """Allocates by a trained policy where there is one.

    `policy` and `symbol_agents` are what the store gave for the two roles (see `agents.policies.chosen`); the latter
    is only named in the allocation, the "policy" agent speaks for it. `cash_share` is the prior's cash; `instead` takes
    the place of the prior that the policy was trained on.
    """

    policy: Chosen
    symbol_agents: Chosen
    cash_share: float = CASH_SHARE
    instead: PriorName | None = None

    @property
    def prior(self) -> PriorName:
        """The one `instead`, else the policy's; the default where no policy names one (a broken one fails its link)."""
        if self.instead is not None:
            return self.instead
        bundle = self.policy.bundle
        if bundle is None or bundle.manifest.role != "meta_controller":
            return DEFAULT
        try:
            return prior_named(bundle.manifest.config)
        except CorruptFile:
            return DEFAULT

    def allocate(self, snapshot: Snapshot, views: tuple[View, ...], book: Book) -> Allocation:
        """The allocation at `snapshot.as_of`. Never raises for what data, views, book or policy files hold."""
        return self._first_sound(self._links(), [], snapshot, views, book)

    def hold(self, snapshot: Snapshot, views: tuple[View, ...], book: Book, reason: str) -> Allocation:
        """What is held, for the links before it could not be asked (`reason`); cash where the book is not sound."""
        links = self._links()
        held = {"hold": links.pop("hold")}
        return self._first_sound(held, [_failed(name, reason) for name in links], snapshot, views, book)

    def _first_sound(
        self, links: dict[str, Link], chain: list[Fallback], snapshot: Snapshot, views: tuple[View, ...], book: Book
    ) -> Allocation:
        """By the first of `links` that holds, after those of `chain` that did not."""
        try:
            case = Case(snapshot, views, holdings(book, snapshot.symbols))
        except InputError as error:
            return _all_cash([*chain, *(_failed(name, error.message) for name in links)])
        for name, link in links.items():
            try:
                shares = _sound(link(case))
            except (InputError, CorruptFile, PriorUnavailable) as error:
                chain.append(_failed(name, error.message))
                continue
            chain.append(Fallback(name=name, used=True, reason=self._remark(name)))
            return self._allocation(case, shares, tuple(chain))
        return _all_cash(chain)

    def _remark(self, name: str) -> str:
        """Why the policy was asked in numpy, where it was."""
        return without_graph(self.policy) if name.startswith("policy:") else ""

    def _links(self) -> dict[str, Link]:
        return {
            f"policy:{self.policy.policy_id or 'none'}": self._by_policy,
            "rule:blend-v1": self._by_blend,
            f"prior:{self.prior}": lambda case: _unmoved(case, self._prior(case)),
            "prior:equal_weight": lambda case: _unmoved(
                case, equal_weight(_tradable(case), case.known.held, self.cash_share)
            ),
            "hold": lambda case: _unmoved(case, case.known.held),
        }

    def _by_policy(self, case: Case) -> Shares:
        bundle = self.policy.required()
        policy, _ = MetaPolicy(bundle), prior_named(bundle.manifest.config)
        raw, inputs = raw_market(case.snapshot.features, -1, case.known.drawdown), self._inputs(case)
        return replace(_moved(case, inputs, partial(policy.weights, raw=raw)), context=_context(case, policy, inputs))

    def _by_blend(self, case: Case) -> Shares:
        if not present_agents(case.views):
            raise InputError("every agent abstained: there is no view to blend")
        tradable, nothing = _tradable(case), np.zeros((len(case.snapshot.symbols), 0))
        prior = open_prior(self._prior(case), tradable)
        return _moved(case, MetaInputs(prior, case.known.held, tradable, nothing, nothing[0]), blend_v1)

    def _prior(self, case: Case) -> FloatArray:
        tradable, held, name = _tradable(case), case.known.held, self.prior
        if name == "equal_weight":
            return equal_weight(tradable, held, self.cash_share)
        volatility = np.maximum(case.snapshot.last("vol_63"), PRIOR_VOL_FLOOR)
        if name == "inverse_volatility":
            return inverse_volatility(volatility, tradable, held, self.cash_share)
        known = known_correlation(case.snapshot.panel.times, case.snapshot.panel.close)
        return balanced_risk(name, volatility, known, tradable, held, self.cash_share)

    def _inputs(self, case: Case) -> MetaInputs:
        prior, known = self._prior(case), case.known
        return build_inputs(
            case.snapshot.features, -1, _tradable(case), prior, known.held, known.drawdown
        )  # fmt: skip

    def _allocation(self, case: Case, shares: Shares, chain: tuple[Fallback, ...]) -> Allocation:
        names, share = (*case.snapshot.symbols, CASH), case.known.share
        keep = np.full(len(names) - 1, True) if chain[-1].name == "hold" else ~case.snapshot.tradable
        weights, prior = _rounded(shares.weights, keep), _rounded(shares.prior, keep)
        agents = {agent: _rounded(values, np.zeros_like(keep), 0.0) for agent, values in shares.agents.items()}
        context = weights - prior - sum(agents.values(), start=np.zeros_like(weights))
        groups = {group: _rounded(values, np.zeros_like(keep), 0.0) for group, values in shares.context.items()}
        if groups:
            groups["lean"] = context - sum(groups.values(), start=np.zeros_like(weights))
        by_policy = chain[-1].name.startswith("policy:")
        uses = (
            policy_use("meta_controller", self.policy, case.snapshot) if by_policy else None,
            policy_use("symbol_agents", self.symbol_agents, case.snapshot) if _spoke(case, "policy") else None,
        )
        return Allocation(
            weights=_named(names, weights * share) | case.known.strangers,
            contributions={
                "prior": _named(names, prior * share) | case.known.strangers,
                "context": _named(names, context * share),
                **{agent: _named(names, values * share) for agent, values in agents.items()},
            },
            fallback_chain=chain,
            prior=self.prior,
            context={group: _named(names, values * share) for group, values in groups.items()},
            policies=tuple(use for use in uses if use is not None),
        )


def _moved(case: Case, inputs: MetaInputs, weigh: Callable[[MetaInputs, FloatArray], FloatArray]) -> Shares:
    """Prior, context and agents' Shapley values of a controller that heeds views."""
    present = present_agents(case.views)
    found = attribute(partial(weigh, inputs), views_array(case.views, case.snapshot.symbols), present)
    prior = tilt(inputs.prior, inputs.held, inputs.tradable, np.zeros_like(inputs.prior), 0.0)
    return Shares(found.weights, prior, {AGENTS[i]: found.agents[k] for k, i in enumerate(present)})


def _context(case: Case, policy: MetaPolicy, inputs: MetaInputs) -> dict[str, FloatArray]:
    """Shapley values of the groups of inputs, with no view shown; none where the policy has no reach."""
    if policy.kappa == 0.0:
        return {}
    sources = input_sources(case.snapshot.features.shared_names)
    found = shapley(policy.worth(inputs, views_array((), case.snapshot.symbols), sources))
    return {source.name: values for source, values in zip(sources, found, strict=True)}


def _unmoved(case: Case, weights: FloatArray) -> Shares:
    """Weights that heed no view: all is prior."""
    return Shares(weights, weights, {AGENTS[i]: np.zeros_like(weights) for i in present_agents(case.views)})


def _tradable(case: Case) -> BoolArray:
    if not case.snapshot.tradable.any():
        raise InputError("no symbol can be traded at this slot", "hold this cycle")
    return case.snapshot.tradable


def _sound(shares: Shares) -> Shares:
    """The shares, unless a weight is not finite or they do not sum to 1: InputError."""
    parts = (shares.weights, shares.prior, *shares.agents.values())
    if not all(np.isfinite(p).all() for p in parts) or abs(math.fsum(shares.weights) - 1.0) > 1e-6:
        raise InputError("the weights are not finite or do not sum to 1")
    return shares


def _rounded(values: FloatArray, keep: BoolArray, total: float = 1.0) -> FloatArray:
    """Rounded to WEIGHT_DECIMALS but where `keep` (S,), with cash (the last) so that they sum to `total`."""
    symbols = np.where(keep, values[:-1], np.round(values[:-1], WEIGHT_DECIMALS))
    return np.append(symbols, total - math.fsum(symbols))


def _named(names: tuple[str, ...], values: FloatArray) -> dict[str, float]:
    return {name: float(value) + 0.0 for name, value in zip(names, values, strict=True)}  # never -0.0


def _spoke(case: Case, agent: str) -> bool:
    return any(v.agent == agent and not v.abstained for v in case.views)


def _failed(name: str, reason: str) -> Fallback:
    return Fallback(name=name, used=False, reason=reason)


def _all_cash(failed: list[Fallback]) -> Allocation:
    chain = (*failed, Fallback(name="cash", used=True))
    return Allocation(weights={CASH: 1.0}, contributions={"prior": {CASH: 1.0}}, fallback_chain=chain)
