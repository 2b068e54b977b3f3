"""Made-up experiments whose effect is known."""

import numpy as np
from numpy.typing import NDArray

from acquire.uplift.trial import Trial

Floats = NDArray[np.float64]


def trial_of(
    contacted: tuple[int, int],
    controls: tuple[int, int],
    *,
    before: Floats | None = None,
    cost: float = 1.0,
    person: NDArray[np.int64] | None = None,
) -> Trial:
    """One channel, one offer: (rows, bookings) of the contacted, then of the controls; bookings first in each."""
    arm = np.repeat([1, 0], [contacted[0], controls[0]])
    booked = np.concatenate([np.arange(n) < n_booked for n, n_booked in (contacted, controls)]).astype(float)
    n = len(arm)
    return Trial(
        channels=("mail",),
        offers=("coupon",),
        channel=np.zeros(n, dtype=np.int64),
        arm=arm,
        booked=booked,
        before=np.zeros((n, 0)) if before is None else before,
        cost=np.where(arm > 0, cost, 0.0),
        person=np.arange(n) if person is None else person,
    )


def together(*trials: Trial) -> Trial:
    """Put trials together, each as a channel of its own, called a, b ..."""
    sizes = [len(one) for one in trials]
    people = np.concatenate([[0], np.cumsum([one.person.max() + 1 for one in trials])])[:-1]

    def joined(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(one, name) for one in trials])

    return Trial(
        channels=tuple("abcdefgh"[: len(trials)]),
        offers=trials[0].offers,
        channel=np.repeat(np.arange(len(trials)), sizes),
        arm=joined("arm"),  # type: ignore[arg-type]
        booked=joined("booked"),  # type: ignore[arg-type]
        before=joined("before"),  # type: ignore[arg-type]
        cost=joined("cost"),  # type: ignore[arg-type]
        person=np.concatenate([one.person + first for one, first in zip(trials, people, strict=True)]),
    )


def draw_trial(
    rng: np.random.Generator, *, n: int = 2_000, control_share: float = 0.1, effect: float = 0.03, pull: float = 1.5
) -> tuple[Trial, float, float]:
    """Draw an experiment over three channels; `before` is the true chance to book without contact.

    Args:
        pull: How much leads differ in their chance to book.

    Returns:
        The trial; the true mean effect on its contacted; the true spend per extra booking.
    """
    channel = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    p0 = 1 / (1 + np.exp(3.2 - pull * rng.normal(size=n) - 0.3 * channel))
    p1 = np.clip(p0 + effect, 0, 1)
    is_control = rng.random(n) < control_share
    booked = (rng.random(n) < np.where(is_control, p0, p1)).astype(float)
    trial = Trial(
        channels=("a", "b", "c"),
        offers=("coupon",),
        channel=channel,
        arm=np.where(is_control, 0, 1),
        booked=booked,
        before=p0[:, None],
        cost=np.where(is_control, 0.0, 1 + 20 * booked),
        person=np.arange(n),
    )
    extra = (p1 - p0)[~is_control]
    cost = float((1 + 20 * p1[~is_control]).sum() / extra.sum()) if effect else np.nan
    return trial, float(extra.mean()), cost
