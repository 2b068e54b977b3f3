"""Dates as numbers of days, for ages and trends."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def days_since_1970(dates: pd.Series) -> Floats:
    """Days since 1970-01-01, NaN where there is no date, shape (n,)."""
    values = pd.to_datetime(dates).to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(values), np.nan, values.astype(float))


def day_since_1970(on: date) -> float:
    """Days from 1970-01-01 to `on`."""
    return float((on - date(1970, 1, 1)).days)
