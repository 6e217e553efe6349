"""A quiet Ray for the length of one training run: of its own, or a cluster's."""

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
def ray_session(cpus: int, address: str | None = None) -> Generator[None]:
    """Start Ray on this machine, without dashboard or log stream, and stop it however the block is left.

    A cluster that happens to run here is left alone; `address` ("auto", or host:port) joins one, whose cores count
    instead of `cpus`. Inside another session it does nothing: the outermost one owns Ray.
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
            address=address or "local",
            num_cpus=None if address else cpus,
            include_dashboard=None if address else False,
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
