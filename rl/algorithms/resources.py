"""Where training runs: how many EnvRunners and Learners, and what each of them is given."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from data.errors import BadConfig


class Resources(BaseModel):
    """Ray's resources of one algorithm; the default keeps everything in this process.

    What is learned does not depend on them beyond rounding and the draw of episodes: the rows of a preset are shared
    out among the runners, its minibatches among the Learners.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num_env_runners: int = Field(default=0, ge=0, le=1024)
    """Actors that sample; 0 samples in this process."""
    num_cpus_per_env_runner: float = Field(default=1.0, ge=0.0, le=256.0)
    num_learners: int = Field(default=0, ge=0, le=256)
    """Actors that update, in step with each other (torch DDP); 0 updates in this process."""
    num_cpus_per_learner: float = Field(default=1.0, ge=0.0, le=256.0)
    num_gpus_per_learner: float = Field(default=0.0, ge=0.0, le=8.0)
    """With no Learner actors, 1 puts the Learner of this process on its GPU."""
    restore_s: float = Field(default=60.0, gt=0.0, le=3600.0)
    """Seconds to wait for an EnvRunner that died to come back; after them training goes on without it."""

    @property
    def cpus(self) -> float:
        """Processor cores that the actors ask Ray for; a local Ray needs as many (rl.ray_session)."""
        return self.num_env_runners * self.num_cpus_per_env_runner + self.num_learners * self.num_cpus_per_learner

    @property
    def gpus(self) -> float:
        """GPUs that the Learners ask for."""
        return max(self.num_learners, 1) * self.num_gpus_per_learner

    def rows_each(self, rows: int) -> int:
        """Rows of every runner; BadConfig where they cannot be shared out equally."""
        runners = max(self.num_env_runners, 1)
        if rows % runners:
            raise BadConfig(f"{rows} rows cannot be shared out among {runners} env runners", "use a multiple")
        return rows // runners

    def check(self, cluster: Mapping[str, float], cuda: bool) -> None:
        """Refuse what can never be had, before time is spent: Ray itself would wait for ever.

        `cluster`: what Ray has, by resource name; `cuda`: whether this process sees a GPU.
        """
        if self.cpus > cluster.get("CPU", 0.0):
            raise BadConfig(
                f"the runners and Learners ask for {self.cpus:g} cores, Ray has {cluster.get('CPU', 0.0):g}",
                "ask for fewer, or start Ray with more",
            )
        seen = cluster.get("GPU", 0.0) if self.num_learners else float(cuda)
        if self.gpus > seen:
            raise BadConfig(f"the Learners ask for {self.gpus:g} GPUs, {seen:g} are there", "num_gpus_per_learner=0")
