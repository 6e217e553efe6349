"""Every setting of the meta-controller's training, with its bounds and why it has its value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rl.meta.tilt import KAPPA
from tools.market.costs import CostModel
from tools.portfolio.prior import PriorName

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class AllocationPPO(BaseModel):
    """What PPO alone reads; it takes minibatches of `batch_size` out of `bars_per_iteration` bars of all worlds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=2, ge=1, le=20)
    lam: Share = 0.8
    """Of generalised advantage estimation; with gamma 0.8 an advantage looks about three bars ahead."""
    clip: Positive = 0.2
    learning_rate: Positive = 1e-3
    deviation: float = Field(default=0.5, gt=0.0, le=5.0)
    """Standard deviation of a wish at the start: what is tried must stand out of the market's noise. It is learned."""
    entropy: float = Field(default=0.0, ge=0.0, le=1.0)
    gradient_norm: Positive = 0.5


class MetaConfig(BaseModel):
    """Worlds, reward, network, algorithm. Its length is a count of updates, never a time: same seed, same bits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prior: PriorName = "inverse_volatility"
    """The allocation before any view, which the controller tilts: in training, in evaluation and in the cycle."""

    algorithm: Literal["sac", "ppo"] = "sac"

    # worlds
    worlds: int = Field(default=256, ge=1, le=4096)
    """Many, because a transition says as much of the market as one symbol does: draw them as fast as they are used."""
    symbols_per_world: int = Field(default=16, ge=2, le=256)
    """Drawn anew each episode: another universe is another problem, which is hard to memorise."""
    episode_bars: int = Field(default=48, ge=2, le=2048)
    costs: CostModel = CostModel()
    cost_multiplier_low: Positive = 0.5
    cost_multiplier_high: Positive = 2.0
    """Costs of a world are the model's times a log-uniform draw."""
    agent_dropout: Share = 0.2
    """Chance that an agent is silent for a whole episode."""
    view_dropout: Share = 0.05
    """Chance that one agent does not know one symbol at one slot."""
    score_noise: Share = 0.05
    """Standard deviation added to each score."""
    blind: Share = 0.5
    """Share of worlds that do not see the shared features: macro and regime alone would tell one date from another."""

    # reward
    kappa: Positive = KAPPA
    reward_scale: Positive = 0.2
    """From units of risk to rewards: inside the quadratic part of the Huber loss, or rare high costs would be lost."""
    hedge_peers: Share = 0.7
    """Share left out of rewards of what a symbol's asset class returns by chance: see `rl.meta.hedge`."""
    hedge_own_mean: Share = 0.5
    """Share left out of what a symbol returned on average beyond its class over the training rows."""
    turnover_penalty_bps: float = Field(default=2.0, ge=0.0, le=100.0)
    """Beyond the costs themselves, per unit of turnover above the prior's."""
    drawdown_penalty: float = Field(default=0.01, ge=0.0, le=10.0)
    """Per unit of drawdown deepened beyond the prior's."""
    risk_aversion: float = Field(default=0.1, ge=0.0, le=100.0)
    """Half of it is taken per squared risk of the tilts, in units of the prior's risk: noise must not pay."""

    # network
    hidden: int = Field(default=32, ge=1, le=1024)
    mixed: int = Field(default=16, ge=1, le=1024)
    critic_hidden: int = Field(default=16, ge=1, le=1024)

    # algorithm
    ppo: AllocationPPO = AllocationPPO()
    updates: int = Field(default=3000, ge=1)
    """Gradient steps."""
    updates_per_iteration: int = Field(default=50, ge=1)
    bars_per_iteration: int = Field(default=16, ge=2)
    batch_size: int = Field(default=256, ge=2)
    replay_bars: int = Field(default=200, ge=2)
    """Bars kept for each world."""
    warmup_bars: int = Field(default=50, ge=2)
    priority: Share = 0.0
    """Exponent of the TD error in the odds of being replayed; 0 is uniform: rewards here are mostly noise, and so are
    great TD errors."""
    priority_correction: Share = 0.4
    """Exponent of the importance weights that correct for it (Schaul et al. 2016 begin with 0.4)."""
    gamma: Share = 0.8
    """A tilt outlives its slot only through the turnover it saves: a short horizon is enough and far less noisy."""
    tau: Share = 0.01
    actor_lr: Positive = 1e-3
    critic_lr: Positive = 1e-3
    alpha_lr: Positive = 1e-3
    final_rate: Share = 0.1
    """The learning rates of actor and critics fall linearly to this fraction of themselves."""
    initial_alpha: Positive = 0.001
    target_entropy: float = Field(default=-2.0, ge=-10.0, le=0.6)
    """Of each action. RLlib's -1 is a standard deviation of 0.09 in the tilt, which would trade more by chance than on
    purpose."""
    whim: float = Field(default=0.5, ge=0.0, le=5.0)
    """Standard deviation of what exploration adds to the actor's wishes."""
    whim_memory: Share = 0.95
    gradient_norm: Positive = 10.0
    """Where the gradient of each optimiser is cut."""
    threads: int = Field(default=1, ge=1, le=64)
    """The networks are small: a second thread waits more than it works."""

    # selection
    checkpoints: int = Field(default=10, ge=1)
    """How often the mean of the actors since the last time is put to the held-out dates."""
    folds: int = Field(default=3, ge=2, le=10)
    """Blocks of the training rows; each is held out from one training, and all together choose checkpoint and reach."""
    kappa_multipliers: tuple[Annotated[float, Field(gt=0.0, le=1.0)], ...] = Field(
        default=(0.25, 0.5, 1.0), min_length=1
    )
    """Reaches tried there, beside 0, which is the prior."""
    least_gain: float = Field(default=0.1, ge=0.0, le=10.0)
    """Sharpe ratio to be gained over the prior on the held-out dates; with less the controller is the prior."""

    @model_validator(mode="after")
    def _consistent(self) -> MetaConfig:
        if self.cost_multiplier_low > self.cost_multiplier_high:
            raise ValueError("cost_multiplier_low exceeds cost_multiplier_high")
        if self.warmup_bars > self.replay_bars:
            raise ValueError("warmup_bars exceeds replay_bars")
        if self.algorithm == "ppo" and self.minibatches < 1:
            raise ValueError("batch_size exceeds what an iteration samples")
        if self.checkpoints * self.steps_per_iteration > self.updates:
            raise ValueError("more checkpoints than iterations of training")
        return self

    @property
    def minibatches(self) -> int:
        """Of PPO, in an epoch."""
        return self.worlds * self.bars_per_iteration // self.batch_size

    @property
    def steps_per_iteration(self) -> int:
        """Gradient steps of an iteration of the algorithm."""
        return self.ppo.epochs * self.minibatches if self.algorithm == "ppo" else self.updates_per_iteration
