"""The past again: a record replayed byte for byte, run without something, or compared with another.

Everything comes from the home: the journal's record, the lake versions and policies it names, and recorded answers. No
source is opened and nothing calls out; what is written goes to a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agents.deadlines import Deadline
from agents.policies.chosen import Chosen, choose
from app.code_hash import code_hash
from app.runtime import Market, Policies, market_of
from app.stores import Stores
from data.clock import parse_slot
from data.errors import BadConfig, CorruptFile, InputError, NotFound
from data.lake import tables
from data.sources.catalog import open_source
from data.sources.protocol import Source
from data.sources.recorded import RecordedSource
from graph.config import CycleConfig
from graph.context import CycleContext, Snapshots
from graph.counterfactual import Counterfactual, run_without
from graph.diff import Diff, diff
from graph.facts import RecordedFacts, ReducedFacts
from graph.journal import Journal
from graph.opening import recorded_opening
from graph.record import CycleRecord
from graph.replay import Replay, compare, overdue_nodes, run_again
from graph.state import SnapshotRef
from graph.without import normal
from rl.store import Role
from tools.execution.brokers.base import GatedBroker, RecordedGate
from tools.execution.brokers.paper import PaperBroker
from tools.execution.brokers.recorded import RecordedVenue
from tools.execution.ledger import Ledger

if TYPE_CHECKING:
    from data.outcomes import NextBar


@dataclass(frozen=True, slots=True)
class Replays:
    """Of one home. `find` gives a record by id, the beginning of one, or "latest", of a book where it is named."""

    stores: Stores
    find: Callable[[str, str | None], CycleRecord]

    def replay(self, name: str = "latest", book: str | None = None) -> Replay:
        """Run a recorded cycle again and compare the bytes; raises as `replay`."""
        return replay(self.stores, self.find(name, book))

    def without(self, name: str, without: Iterable[str], book: str | None = None) -> Counterfactual:
        """The cycle without agents, feature groups, limits, or with another prior; raises as `counterfactual`."""
        return counterfactual(self.stores, self.find(name, book), without)

    def diff(self, one: str, two: str, book: str | None = None) -> Diff:
        """What changed from one cycle to another, and why; InputError where they are the same one."""
        first, second = self.find(one, book), self.find(two, book)
        if first.cycle_id == second.cycle_id:
            raise InputError(
                f"both are {first.cycle_id}", 'name another cycle; "previous" is the one before the latest'
            )
        return diff(first, second)


def replay(stores: Stores, record: CycleRecord) -> Replay:
    """Run `record` again with scratch parts and compare the bytes.

    CorruptFile where its facts or policies are no longer what they were, NotFound where one of them is gone.
    """
    with replay_parts(record, stores) as context:
        return compare(record.cycle_id, Journal(stores.ledger).written(record.cycle_id), run_again(record, context))


def counterfactual(stores: Stores, record: CycleRecord, without: Iterable[str]) -> Counterfactual:
    """What `record` would have decided without `without` (graph.without), on the same facts and book.

    InputError names the nearest thing where there is no such; else as `replay`. Nothing of the desk is written.
    """
    named = normal(without)
    if not named:
        raise InputError("nothing to leave out was named", "say --without news, for one")
    with replay_parts(record, stores) as recorded, replay_parts(record, stores, named) as context:
        return run_without(record, context, named, lambda: recorded)


@contextmanager
def replay_parts(record: CycleRecord, stores: Stores, without: tuple[str, ...] = ()) -> Generator[CycleContext]:
    """Scratch parts that run a recorded cycle again, or run it `without` some of what it had.

    Inside, LangChain's own tracer is off: it would take LANGSMITH_TRACING for leave to call out, and mask nothing.
    """
    from langsmith import tracing_context

    config = _config_of(record, without)
    source = _source_of(record, config, stores)
    market = market_of(source, config, stores, _policies_of(record, stores), stores.answers, replaying=True)
    here_only = tracing_context(enabled=False)
    with tempfile.TemporaryDirectory(prefix="bullpen-replay-") as scratch, _told_of(record), here_only:
        yield CycleContext(
            source=record.source["name"],
            source_params=record.source["params"],
            config=config,
            snapshots=_facts_of(record, market),
            agents=market.agents(record.book, record.slot),
            controller=market.controller(),
            opener=recorded_opening(record.opening, record.settled),
            ledger=Ledger(Path(scratch) / "desk.sqlite"),
            broker=_broker_of(record, market, Path(scratch) / "venue.sqlite"),
            halt=lambda: record.halt,
            code_hash=code_hash(),
            approver=lambda _id, _verdict: record.approval,
            deadline=Deadline(config.node_deadline_s, overdue_nodes(record) - {*config.switches.agents}),
        )


@contextmanager
def _told_of(record: CycleRecord) -> Generator[None]:
    """What cannot be read of the past is said of the cycle that needs it."""
    try:
        yield
    except CorruptFile as fault:
        kept = "bring back the home's lake folder (all of its versions) from a backup"
        raise CorruptFile(f"{record.cycle_id} cannot be replayed: {fault.message}", kept) from fault


def _config_of(record: CycleRecord, without: tuple[str, ...]) -> CycleConfig:
    try:
        config = CycleConfig.model_validate(record.config)
    except ValueError as error:
        remedy = "replay it with the version of bullpen that wrote it"
        raise BadConfig(f"{record.cycle_id} has settings that this version does not know", remedy) from error
    return config.model_copy(update={"without": normal((*config.without, *without))}) if without else config


def _source_of(record: CycleRecord, config: CycleConfig, stores: Stores) -> Source:
    """The source as the lake has it: neither its files nor its provider are needed any more."""
    name, given = record.source["name"], record.source["params"]
    version = record.snapshot["lake"].get(tables.table_name(tables.INSTRUMENTS))
    if version is None:
        return open_source(name, **given)
    recorded = RecordedSource(
        name, given, config.calendar, config.frequency,
        lambda: stores.lake.instruments(tables.source_key(recorded), version),
    )  # fmt: skip
    return recorded


def _facts_of(record: CycleRecord, market: Market) -> Snapshots:
    ref = SnapshotRef(
        as_of=record.as_of,
        lake=record.snapshot["lake"],
        unavailable=record.snapshot["unavailable"],
        content_hash=record.snapshot["content_hash"],
    )
    recorded = CycleConfig.model_validate(record.config)
    if recorded.switches.features == market.config.switches.features:
        return RecordedFacts(market.builder, ref)
    whole = RecordedFacts(market.builder.showing(recorded.switches.features), ref)
    return ReducedFacts(whole, market.builder, ref)


def _broker_of(record: CycleRecord, market: Market, path: Path) -> GatedBroker:
    """The simulated venue fills anew what it filled then; a real one's executions are those of the record."""
    gate, as_of = RecordedGate(record.refusals), parse_slot(record.slot)
    if market.config.venue != "paper":
        return RecordedVenue(gate, record.fills, as_of)
    filled = {fill.symbol for fill in record.fills}

    def bar_then(symbol: str, after: datetime) -> NextBar | None:
        return market.builder.next_bar(symbol, after) if symbol in filled else None  # not filled then, nor now

    return PaperBroker(gate, path, record.book, bar_then, as_of, market.terms)


def _policies_of(record: CycleRecord, stores: Stores) -> Policies:
    """The very policies the record names; one that was silent then is silent now, for the same reason."""
    view = next((v for v in record.views if v.agent == "policy"), None)
    first = record.allocation.fallback_chain[0]
    known: dict[str, str] = record.hashes["policies"]
    return Policies(
        _policy(stores, known, "symbol_agents", view.model if view else "", view.reason if view else "no policy agent"),
        _policy(stores, known, "meta_controller", first.name, first.reason),
    )


def _policy(stores: Stores, known: dict[str, str], role: Role, named: str, reason: str) -> Chosen:
    """`named` is "policy:<id>", or anything else where no policy was had; `known` are the hashes of those that spoke.

    NotFound where it is gone, CorruptFile where it is another one by now.
    """
    kind, _, policy_id = named.partition(":")
    if kind != "policy" or policy_id == "none":
        return Chosen(None, reason)
    found = choose(stores.policies, role, "", policy_id)
    back = f"bring back the home's policies/{policy_id} folder from a backup"
    if found.bundle is None:
        raise NotFound(f"policy {policy_id}, which decided in this cycle, cannot be used: {found.reason}", back)
    sha256 = found.bundle.manifest.sha256
    if known.get(policy_id, sha256) != sha256:
        raise CorruptFile(f"policy {policy_id} is not the one that decided in this cycle: its content differs", back)
    return found
