"""Search for better settings: a space from YAML, trials under Ray Tune, the worse ones stopped early."""

from rl.tuning.order import SearchOrder, Tell, TrainFunction
from rl.tuning.result import SearchResult, TrialRow
from rl.tuning.search import search
from rl.tuning.space import SearchFile, SearchSpace, read_search

__all__ = [
    "SearchFile", "SearchOrder", "SearchResult", "SearchSpace", "Tell", "TrainFunction", "TrialRow", "read_search",
    "search",
]  # fmt: skip
