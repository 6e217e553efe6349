"""Reward components as a user would write them, fit and unfit; and what is not one."""

from __future__ import annotations

import numpy as np

NUMBER = 3


def twice_the_net(facts):
    return 2.0 * facts["net"]


def one_number(facts):
    return 1.0


def not_a_number(facts):
    return np.full_like(facts["net"], np.nan)


def asks_for_more(facts):
    return facts["volume"]


def breaks_on_losses(facts):
    return np.where(facts["net"] < 0.0, np.inf, 0.0)


def hold(facts):
    return facts["bars"]
