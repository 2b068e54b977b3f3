"""What an amount or a fraction that somebody wrote down can be. Standard library only."""

import math

from acquire.errors import BadInput


def check_money(name: str, value: float | None) -> None:
    """Raise BadInput unless `value` is None or a finite amount of money that is not negative."""
    if value is not None and not (math.isfinite(value) and value >= 0):
        raise BadInput(f"{name} is {value}; give a finite number that is not negative")


def check_fraction(name: str, value: float | None) -> None:
    """Raise BadInput unless `value` is None or a fraction in [0, 1]."""
    if value is not None and not 0 <= value <= 1:
        raise BadInput(f"{name} is {value}; give a fraction in [0, 1]")
