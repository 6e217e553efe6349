"""Every number of a training run: what may be set, within which bounds, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadConfig
from rl.kernel import Rules
from rl.meta.config import MetaConfig
from rl.modules.config import ModuleConfig
from rl.nearest import nearest
from rl.reward import RewardConfig
from rl.roster.curriculum import CurriculumConfig
from rl.roster.groups import GroupingConfig

PRESETS = Path(__file__).parents[2] / "configs" / "train"
"""Where the named presets are."""
Fraction = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PPOPreset(_Strict):
    """How the symbol agents learn. A sample is one row stepped once."""

    algorithm: Literal["ppo", "a2c"] = "ppo"
    """"a2c" is the plain policy gradient: one step a batch, no clipping; `minibatches` and `epochs` are not read."""
    samples: int = Field(gt=0, le=10_000_000_000)
    """Length of training: a count, not a time, so that the same seed gives the same bits."""
    rows: int = Field(default=512, ge=2, le=65536)
    steps: int = Field(default=64, ge=2, le=4096)
    """Steps of every row between two updates."""
    minibatches: int = Field(default=4, ge=1, le=256)
    epochs: int = Field(default=2, ge=1, le=20)
    hidden: tuple[int, ...] = (64, 64)
    gamma: Fraction = 0.9
    lam: Fraction = 0.9
    learning_rate: Positive = 5e-4
    final_rate: Fraction = 0.2
    """The learning rate falls linearly to this fraction of itself."""
    clip: Positive = 0.2
    entropy: float = Field(default=0.01, ge=0.0, le=1.0)
    final_entropy: float | None = Field(default=None, ge=0.0, le=1.0)
    """The price on certainty moves linearly from `entropy` to this at the last sample; None leaves it as it is."""
    kl_stop: float = Field(default=0.0, ge=0.0, le=10.0)
    """An epoch whose last minibatch shows a mean KL divergence (nats) from the sampling policy above this is the last
    of its update; 0 never stops. Schulman et al. stop at 1.5 times a target of 0.01."""
    mixed_precision: bool = False
    """Forward passes of the Learner in bfloat16 where it runs on CUDA; ignored on a CPU, where it does not pay."""
    value_loss: Positive = 0.5
    gradient_norm: Positive = 0.5
    weight_decay: float = Field(default=0.01, ge=0.0, le=10.0)
    offset_decay: float = Field(default=0.3, ge=0.0, le=100.0)
    """Decay of what distinguishes a symbol's head from the generic one."""
    checkpoints: int = Field(default=10, ge=1, le=1000)
    """Equal stretches of training; dates that were not learned from choose the one to keep."""
    patience: int = Field(default=0, ge=0, le=1000)
    """Checkpoints without a better held-out figure after which a run stops early; 0 never does."""
    threads: int = Field(default=1, ge=1, le=256)


class EpisodePreset(_Strict):
    """How episodes are drawn: the measures against memorising dates."""

    horizon: int = Field(default=128, ge=2, le=100_000)
    cost_low: float = Field(default=0.5, ge=0.0, le=100.0)
    cost_high: float = Field(default=2.0, ge=0.0, le=100.0)
    generic: Fraction = 0.25
    random_position: Fraction = 0.5
    noise: float = Field(default=0.1, ge=0.0, le=3.0)
    blind: Fraction = 0.5
    dropout: Fraction = 0.0
    """Probability that an episode sees zeros for a column."""
    block: float = Field(default=0.0, ge=0.0, le=1e6)
    """Mean bars between two jumps of a row to another slot of its symbol (stationary bootstrap); 0 never jumps."""
    renoise: float = Field(default=0.0, ge=0.0, le=3.0)
    """Standard deviation of the noise added to each move, in bar volatilities."""
    delay: Fraction = 0.0
    """Probability that an episode's orders are filled one bar late."""
    capital: float = Field(default=0.0, ge=0.0, le=1e12)
    """What a sleeve begins with, account currency: its orders move prices by the square-root law; 0: too small to."""
    stop: Fraction = 0.0
    """Loss on the entry price at which a position is closed at the next fill; 0 none."""
    trailing: Fraction = 0.0
    """The same from the best close since the entry."""

    @model_validator(mode="after")
    def _ordered(self) -> EpisodePreset:
        if self.cost_low > self.cost_high:
            raise ValueError("cost_low is above cost_high")
        if 0.0 < self.block < 1.0:
            raise ValueError("block is shorter than a bar")
        return self

    def rules(self) -> Rules:
        """As the kernel takes them; the seed is set when rows begin."""
        return Rules(**self.model_dump(), seed=0)


class BenchmarkPreset(_Strict):
    """What training rewards are measured against; evaluation is of plain net returns."""

    peers: Fraction = 1.0
    """Share taken off of the mean return of the other symbols of the asset class."""
    own_mean: Fraction = 1.0
    """Share taken off of what the symbol earned beyond that, on average over the training dates: it was mostly luck."""
    premium: Fraction = 1.0
    """Share given back of what its whole asset class earned on average over the training dates."""


class SplitPreset(_Strict):
    """Which dates are learned from, selected on and never seen: last dates, or else fractions of the history."""

    train_until: date | None = None
    validation_until: date | None = None
    train: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.65
    validation: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.15
    embargo_bars: int = Field(default=21, ge=1, le=1000)
    """Bars left out between two parts: as long as the longest horizon an outcome is counted over."""

    @model_validator(mode="after")
    def _ordered(self) -> SplitPreset:
        if (self.train_until is None) != (self.validation_until is None):
            raise ValueError("give both train_until and validation_until, or neither")
        if self.train_until and self.validation_until and self.train_until >= self.validation_until:
            raise ValueError("train_until is not before validation_until")
        if self.train + self.validation >= 1.0:
            raise ValueError("train and validation leave no unseen dates")
        return self


class Preset(_Strict):
    """A whole run. `splits` by source name; other sources take `split`."""

    name: str
    ppo: PPOPreset
    episodes: EpisodePreset = EpisodePreset()
    reward: RewardConfig = RewardConfig()
    benchmark: BenchmarkPreset = BenchmarkPreset()
    split: SplitPreset = SplitPreset()
    splits: dict[str, SplitPreset] = Field(default_factory=dict)
    folds: int = Field(default=2, ge=0, le=10)
    """Parts of the training dates on which the meta-controller is shown views of agents that did not learn from them;
    0 shows it the views of the final agents, which flatter themselves there."""
    configurations: int = Field(default=1, ge=1)
    """Settings that were compared to choose these (`bullpen tune` writes it): what deflates a Sharpe ratio."""
    seeds: int = Field(default=1, ge=1, le=100)
    """Symbol agents trained from different seeds; what is served is the mean of their probabilities."""
    yardstick: bool = False
    """Whether a supervised policy with the same network, rows and budget is fitted beside them and reported."""
    module: ModuleConfig | None = None
    """The symbol agents' network; None: an MLP of `ppo.hidden` on obs-v1."""
    curriculum: CurriculumConfig = CurriculumConfig()
    grouping: GroupingConfig = GroupingConfig()
    """Which symbols share a head."""
    meta: MetaConfig = MetaConfig()

    @property
    def network(self) -> ModuleConfig:
        """The symbol agents' network."""
        return self.module or ModuleConfig(hidden=self.ppo.hidden)

    def split_for(self, source: str) -> SplitPreset:
        """The dates for a source."""
        return self.splits.get(source, self.split)


def load_preset(name: str) -> Preset:
    """A preset by name (quick, standard, full) or by the path of a YAML file.

    Raises BadConfig, with the nearest known name, for a preset or a setting that does not exist or is out of bounds.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else PRESETS / f"{name}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in PRESETS.glob("*.yaml"))
        raise BadConfig(f"no preset {name!r}", nearest(name, known))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Preset.model_validate({"name": path.stem} | (content or {}))
    except (yaml.YAMLError, TypeError) as error:
        raise BadConfig(f"preset {path.name} is not a YAML table", "see configs/train/quick.yaml") from error
    except ValidationError as error:
        raise _refusal(path.name, error) from error


def _refusal(file: str, error: ValidationError) -> BadConfig:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    remedy = ""
    if first["type"] == "extra_forbidden":
        remedy = nearest(where[-1], _model_at(where[:-1]).model_fields)
    return BadConfig(f"{file}: {'.'.join(where) or 'preset'}: {first['msg'].lower()}", remedy)


def _model_at(path: list[str]) -> type[BaseModel]:
    """The model whose fields stand at a path of setting names; `splits` is a table of them by source."""
    model: type[BaseModel] = Preset
    for part in path:
        if model is Preset and part == "splits":
            return SplitPreset
        kind = model.model_fields[part].annotation
        model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else model
    return model
