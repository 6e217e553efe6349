"""The graphs as LangGraph Studio sees them (langgraph.json names this file)."""

from __future__ import annotations

from graph.cycle import build_cycle

cycle = build_cycle()
"""The cycle, to be drawn and inspected; it runs with the parts the desk hands it."""
