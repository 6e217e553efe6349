"""A quiet local Ray for the length of one training run."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager

_QUIET = {
    "RAY_DEDUP_LOGS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_TRAIN_V2_ENABLED": "0",
    "PYTHONWARNINGS": "ignore::DeprecationWarning",
}


@contextmanager
def ray_session(cpus: int) -> Generator[None]:
    """Start Ray on this machine, without dashboard or log stream, and stop it however the block is left.

    Inside another session it does nothing: the outermost one owns Ray.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            num_cpus=cpus,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=True,
            ignore_reinit_error=False,
        )
        for name in ("ray", "ray.rllib", "ray.tune"):
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            ray.shutdown()
