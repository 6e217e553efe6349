"""The one place where parts are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial

from agents.analysts.answers import AnswerStore
from agents.deadlines import Deadline
from agents.llm import Chat, ChatModel, ChatSettings
from agents.meta.controller import MetaController
from agents.policies.chosen import Chosen, choose
from agents.protocol import Agent
from agents.retrying import PatientChat
from agents.roster import build_roster
from app.code_hash import code_hash
from app.gates import BookGates
from app.settings import Settings
from app.slots import next_slot, wall_day
from app.stores import Stores
from app.venues import Account, account_of, check_venue, open_venue
from data.builder import LakeSnapshots
from data.clock import Slots, parse_as_of, parse_slot, slot_text
from data.sources.catalog import open_source
from data.sources.protocol import Source
from data.universe import select
from graph.config import CycleConfig
from graph.context import CycleContext
from graph.facts import LakeFacts
from graph.opening import LedgerOpener
from graph.record import cycle_id_of
from rl.store import Role
from tools.execution.brokers.base import GatedBroker, LastGate
from tools.execution.brokers.paper import BarAfter, PaperBroker, open_venue_file
from tools.execution.brokers.simulation import SymbolTerms
from tools.execution.store import Store
from tools.market.terms import terms_of
from tools.risk.gate.watched import WatchedBroker
from tools.risk.kill_switch.halt import read_halt


@dataclass(frozen=True)
class Policies:
    """The trained policies a desk uses, or why it has none."""

    symbol_agents: Chosen
    meta_controller: Chosen

    def ids(self) -> tuple[str, ...]:
        """Ids of those there are."""
        return tuple(c.policy_id for c in (self.symbol_agents, self.meta_controller) if c.policy_id)

    def trained_until(self, source: str) -> str:
        """The last slot (ISO) that those trained on `source` saw, or ""."""
        bundles = [c.bundle for c in (self.symbol_agents, self.meta_controller) if c.bundle is not None]
        return max((b.manifest.trained_until for b in bundles if b.manifest.source == source), default="")


@dataclass(frozen=True)
class Market:
    """One source, seen through one book's calendar, with the agents that look at it."""

    source: Source
    config: CycleConfig
    stores: Stores
    policies: Policies
    answers: AnswerStore
    slots: Slots
    builder: LakeSnapshots
    account: Account = field(default_factory=Account)
    replaying: bool = False
    spending_day: Callable[[str], str] = field(default=lambda _slot: wall_day())
    """Slot -> the UTC day that what its chat model uses up counts to."""
    facts: LakeFacts = field(init=False)
    gates: BookGates = field(init=False)
    opened: dict[str, tuple[LastGate, GatedBroker]] = field(default_factory=dict[str, tuple[LastGate, GatedBroker]])
    """Real accounts, by book."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", LakeFacts(self.builder))
        object.__setattr__(self, "gates", BookGates(self.config, self.stores.home))

    def slot(self, book: str, as_of: str | None) -> str:
        """The slot a cycle of `book` is to run at (see app.slots)."""
        ledger, trained_until = self.stores.ledger, self.policies.trained_until(self.source.name)
        asked = slot_text(parse_as_of(as_of, self.slots)[0]) if as_of else ""
        cycles, version = ledger.cycles_at_hand(book, asked), ledger.book_version(book)
        return next_slot(self.source, self.slots, cycles, trained_until, book, asked, version)

    def agents(self, book: str, slot: str) -> Mapping[str, Agent]:
        """Everyone who holds an opinion, by name."""
        return build_roster(
            self.policies.symbol_agents,
            self.chat(book, slot),
            self.answers,
            scope=book,
            replay_only=self.replaying,
            names=self.config.names if self.config.mask else None,
            off=self.config.switches.agents,
        )

    def chat(self, book: str, slot: str) -> Chat | None:
        """The book's chat model within its budget, or None where it has none."""
        if not self.config.llm:
            return None
        model = ChatModel(ChatSettings(model=self.config.llm))
        if self.replaying:  # it is never asked
            return model
        cycle_id, day = cycle_id_of(book, slot), partial(self.spending_day, slot)
        return PatientChat(model, self.stores.spending.purse(self.config.budget, book, cycle_id, day))

    def controller(self) -> MetaController:
        """The meta-controller with its fallback chain."""
        config = self.config
        by, views_by = self.policies.meta_controller, self.policies.symbol_agents
        return MetaController(by, views_by, config.cash_share, config.switches.prior)

    @cached_property
    def terms(self) -> SymbolTerms:
        """What trading each symbol costs, and how much of a bar it may take."""
        instruments = self.source.instruments()
        terms = terms_of(instruments, self.config.costs, self.config.liquidity)
        return SymbolTerms(tuple(i.symbol for i in instruments), terms)

    def context(self, book: str, slot: str) -> CycleContext:
        """The parts of a running desk."""
        ledger, gate = self.stores.ledger, self.gates.at(book, slot)
        venue = self.broker(book, slot, gate, self.builder.next_bar)
        # at the paper venue an order is filled at a bar to come, of which the next order must know nothing
        broker = venue if self.config.venue == "paper" else WatchedBroker(venue, gate.learn)
        opener = LedgerOpener(ledger, broker, self.config, self.slots)
        return CycleContext(
            source=self.source.name,
            source_params=self.source.params(),
            config=self.config,
            snapshots=self.facts,
            agents=self.agents(book, slot),
            controller=self.controller(),
            opener=opener,
            ledger=ledger,
            broker=broker,
            halt=lambda: read_halt(self.stores.home),
            code_hash=code_hash(),
            gate=gate,
            verify_account=opener.verify,
            deadline=Deadline(self.config.node_deadline_s),
        )

    def broker(self, book: str, slot: str, gate: LastGate, bars: BarAfter) -> GatedBroker:
        """The venue of a book, behind `gate`; `bars` are what the paper venue fills from."""
        if self.config.venue != "paper":
            return self._account(book, gate)
        return PaperBroker(gate, self._venue, book, bars, parse_slot(slot), self.terms, self.config.initial_cash)

    @cached_property
    def _venue(self) -> Store:
        """The paper venue, opened once for all cycles."""
        return open_venue_file(self.stores.home / "venue.sqlite")

    def _account(self, book: str, gate: LastGate) -> GatedBroker:
        """The real account of a book, opened once for a gate: a venue may know only one line of ours."""
        held = self.opened.pop(book, None)
        if held is not None and held[0] is not gate:
            held[1].close()
            held = None
        broker = open_venue(self.config, self.account, gate, self.stores.ledger) if held is None else held[1]
        self.opened[book] = (gate, broker)
        broker.verify_clock(datetime.now(UTC))
        return broker


def open_market(settings: Settings, stores: Stores, config: CycleConfig | None = None) -> Market:
    """The market the settings name, under `config` where a cycle has begun with one already."""
    source = open_source(settings.source, **settings.source_params())
    config = config or settings.cycle_config(source.calendar, source.frequency)
    if config.universe:
        select(source.instruments(), config.universe, source.name)  # an unknown symbol is refused before a cycle begins
    account = account_of(settings)
    check_venue(config, source, account)
    policies = Policies(*(_chosen(stores, role, source) for role in ("symbol_agents", "meta_controller")))
    return market_of(source, config, stores, policies, stores.answers, account)


def _chosen(stores: Stores, role: Role, source: Source) -> Chosen:
    """The policy for a role; one that learned on bars of another length is a reason, not a policy."""
    found = choose(stores.policies, role, source.name)
    learned = "1d" if found.bundle is None else str(found.bundle.manifest.params.get("frequency") or "1d")
    if found.bundle is not None and learned != source.frequency:
        return Chosen(None, f"policy {found.policy_id} learned on {learned} bars, this book has {source.frequency}")
    return found


def market_of(
    source: Source,
    config: CycleConfig,
    stores: Stores,
    policies: Policies,
    answers: AnswerStore,
    account: Account | None = None,
    replaying: bool = False,
) -> Market:
    """The market of `source` as a book of `config` sees it, without what the book has switched off."""
    slots, off = Slots(config.calendar, config.frequency), config.switches.features
    builder = LakeSnapshots(source, stores.lake, slots, config.universe or None, off=off)
    return Market(source, config, stores, policies, answers, slots, builder, account or Account(), replaying)
