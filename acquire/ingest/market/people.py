"""Who the people are: what a lender would see of them, who shares a device or an address, and who is a fraudster."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.ingest.market.terms import CHANNEL_NAMES, OWN_CHANNEL, SOURCES, Floats, Ints
from acquire.ingest.market.ties import draw_ties

Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]

TWO_CHANNEL_SHARE = 0.15
NO_FILE_SCORE = -999.0  # the bureau's code for "no file"
NEVER_BORROWED = -1.0  # past_dpd_days of people who never had a loan

FEATURES = (
    "age",
    "gender",
    "employment",
    "monthly_income",
    "tenure_months",
    "bureau_score",
    "utilisation",
    "inquiries_3m",
    "past_dpd_days",
    "shared_device_count",
    "night_activity_share",
    "engagement_score",
    "past_loan",
    "first_loan",
    "small_business",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The rows of one market, history first, then leads.

    Attributes:
        seen: What tables show: ids, channel, region, amount, consent, do_not_contact and FEATURES, with gaps and codes.
        whole: The same features without gaps, for the true chances.
        channel: Number of the row's channel in SOURCES, shape (n,).
        fraud: Whether the row is a fraudster's, shape (n,).
        links: What rows share: lead_id, kind, key, role.
    """

    seen: pd.DataFrame
    whole: pd.DataFrame
    channel: Ints
    fraud: Floats
    links: pd.DataFrame


def draw_crowd(n_history: int, n_leads: int, rng: np.random.Generator) -> Crowd:
    """Draw the people of history and leads. Nobody is in both tables; fraud rings reach across them."""
    person, channel = _draw_rows(n_history, n_leads, rng)
    n_people = int(person.max()) + 1
    first_channel = np.zeros(n_people, dtype=np.int64)
    first_channel[person[::-1]] = channel[::-1]
    is_former = np.bincount(person, weights=channel == CHANNEL_NAMES.index(OWN_CHANNEL)) > 0
    fraud = (rng.random(n_people) < np.array([s.fraud_share for s in SOURCES])[first_channel]) & ~is_former
    people = _draw_people(first_channel, fraud, is_former, rng)
    device, address = _draw_devices(fraud, rng), _draw_addresses(fraud, rng)
    people["shared_device_count"] = np.bincount(device)[device] - 1.0
    whole = people.iloc[person].reset_index(drop=True)
    whole["engagement_score"] = np.round(rng.gamma(2.0, 1.0, len(person)) * np.where(fraud[person], 1.4, 1.0), 4)
    ids = _draw_ids("L", len(person), rng)
    seen = _as_seen(whole, rng)
    seen.insert(0, "lead_id", ids)
    seen.insert(1, "channel", np.array(CHANNEL_NAMES)[channel])
    seen.insert(2, "person_id", _draw_ids("P", n_people, rng)[person])
    links = _links(ids, {"device": ("user", device[person]), "address": ("resident", address[person])}, rng)
    # A stream of its own: everything else is drawn as if there were no companies.
    ties = draw_ties(people, fraud, rng.spawn(1)[0])
    rows = pd.DataFrame({"lead_id": ids, "person": person})
    links = pd.concat([links, rows.merge(ties, on="person")[list(links.columns)]], ignore_index=True)
    return Crowd(seen=seen, whole=whole, channel=channel, fraud=fraud[person].astype(float), links=links)


def _draw_rows(n_history: int, n_leads: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Person number and channel number of every row; some people come through a second channel of the same table."""
    persons, channels, n_before = [], [], 0
    shares = np.array([s.traffic_share for s in SOURCES])
    for n_rows in (n_history, n_leads):
        n_twice = round(n_rows * TWO_CHANNEL_SHARE / (1 + TWO_CHANNEL_SHARE))
        n_people = n_rows - n_twice
        once = rng.choice(len(SOURCES), n_people, p=shares)
        twice = rng.choice(n_people, n_twice, replace=False)
        other = (once[twice] + rng.integers(1, len(SOURCES), n_twice)) % len(SOURCES)
        persons.append(n_before + np.concatenate([np.arange(n_people), twice]))
        channels.append(np.concatenate([once, other]))
        order = rng.permutation(n_rows)
        persons[-1], channels[-1] = persons[-1][order], channels[-1][order]
        n_before += n_people
    return np.concatenate(persons).astype(np.int64), np.concatenate(channels).astype(np.int64)


def _draw_people(channel: Ints, fraud: Flags, is_former: Flags, rng: np.random.Generator) -> pd.DataFrame:
    quality = rng.normal(size=len(channel)) + np.array([s.quality for s in SOURCES])[channel]
    quality = np.where(fraud, rng.normal(0.2, 0.6, len(channel)), quality)  # bought or borrowed papers look decent
    person = _draw_persons(quality, fraud, rng)
    credit = _draw_credit(quality, person["age"].to_numpy(dtype=np.float64), rng)
    no_file = (credit["no_file"].to_numpy() == 1) & ~is_former
    past_loan = (is_former | (rng.random(len(channel)) < 0.14)) & ~no_file & ~fraud
    first_loan = no_file | ((rng.random(len(channel)) < 0.04) & ~past_loan)
    flags = {"no_file": no_file, "past_loan": past_loan, "first_loan": first_loan}
    people = pd.concat([person, credit], axis=1).assign(**{name: flag.astype(float) for name, flag in flags.items()})
    people["past_dpd_days"] = people["past_dpd_days"].mask(first_loan, 0.0)
    return people


def _draw_persons(quality: Floats, fraud: Flags, rng: np.random.Generator) -> pd.DataFrame:
    n = len(quality)
    age = np.clip(21 + rng.gamma(2.6, 6.2, n) + 1.5 * quality, 18, 70).round()
    female = rng.random(n) < 0.46
    income = np.exp(rng.normal(8.95, 0.42, n) + 0.12 * quality - 0.04 * female)
    amount = np.exp(rng.normal(8.75, 0.6, n) + 0.08 * quality)
    return pd.DataFrame(
        {
            "age": age,
            "gender": np.where(female, "F", "M"),
            "employment": _draw_employment(age, rng),
            "region": rng.choice(np.array(["home", "near", "far"]), n, p=[0.58, 0.27, 0.15]),
            "amount": np.round(np.clip(amount, 1_000, 50_000), -2),
            "monthly_income": np.round(income, -1),
            "tenure_months": np.round(np.minimum(rng.gamma(1.5, 24.0, n), (age - 17) * 12)),
            "night_activity_share": np.round(np.where(fraud, rng.beta(5, 4, n), rng.beta(2, 6, n)), 4),
            "small_business": (rng.random(n) < 0.12).astype(float),
            "do_not_contact": rng.random(n) < 0.01,
        }
    )


def _draw_credit(quality: Floats, age: Floats, rng: np.random.Generator) -> pd.DataFrame:
    n = len(quality)
    score = 640 + 62 * (0.9 * quality + 0.42 * rng.normal(size=n))
    is_late = rng.random(n) < _chance(-1.9 - 0.9 * quality)
    days_late = rng.choice(np.array([5.0, 15.0, 30.0, 60.0, 90.0]), n, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    return pd.DataFrame(
        {
            "bureau_score": np.round(np.clip(score, 350, 850)),
            "no_file": (rng.random(n) < np.where(age < 25, 0.2, 0.08)).astype(float),
            "utilisation": np.round(_chance(-0.3 - 0.75 * quality + 0.7 * rng.normal(size=n)), 4),
            "inquiries_3m": rng.poisson(np.exp(np.clip(0.6 - 0.4 * quality, -3, 3))).astype(float),
            "past_dpd_days": np.where(is_late, days_late, 0.0),
        }
    )


def _draw_employment(age: Floats, rng: np.random.Generator) -> Texts:
    kind = rng.choice(
        np.array(["salaried", "self_employed", "gig", "not_working"]), len(age), p=[0.62, 0.17, 0.15, 0.06]
    )
    return np.where((age < 23) & (rng.random(len(age)) < 0.5), "student", kind)


def _draw_devices(fraud: Flags, rng: np.random.Generator) -> Ints:
    return _group(fraud, rng, mean_ring=6, family_share=0.06)


def _draw_addresses(fraud: Flags, rng: np.random.Generator) -> Ints:
    return _group(fraud, rng, mean_ring=10, family_share=0.2)


def _group(fraud: Flags, rng: np.random.Generator, *, mean_ring: int, family_share: float) -> Ints:
    """Key number per person: fraudsters in rings of about `mean_ring`, some honest people in pairs, the rest alone."""
    n = len(fraud)
    key = np.arange(n)
    crooks = np.flatnonzero(fraud)
    n_rings = max(1, len(crooks) // mean_ring)
    key[crooks] = n + rng.integers(0, n_rings, len(crooks))
    honest = rng.permutation(np.flatnonzero(~fraud))
    n_pairs = int(len(honest) * family_share / 2)
    key[honest[:n_pairs]] = key[honest[n_pairs : 2 * n_pairs]]
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def _as_seen(whole: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The columns as tables show them: consent flags added, files that do not exist as codes, and some cells empty."""
    n = len(whole)
    no_file = whole["no_file"].to_numpy() == 1
    seen = whole[["region", "amount", "do_not_contact", *FEATURES]].copy()
    seen.insert(2, "consent", rng.random(n) < 0.97)  # consent is given to each channel for itself
    seen["bureau_score"] = np.where(no_file, NO_FILE_SCORE, whole["bureau_score"])
    seen["past_dpd_days"] = np.where(whole["first_loan"] == 1, NEVER_BORROWED, whole["past_dpd_days"])
    seen["utilisation"] = seen["utilisation"].mask(no_file)
    for name, share in {"monthly_income": 0.08, "tenure_months": 0.06, "inquiries_3m": 0.03}.items():
        seen[name] = seen[name].mask(rng.random(n) < share)
    return seen


def _draw_ids(letter: str, n: int, rng: np.random.Generator) -> Texts:
    """Opaque ids whose order tells nothing."""
    return np.char.add(letter, (1_000_000_000 + rng.permutation(n)).astype(str))


def _links(ids: Texts, kinds: dict[str, tuple[str, Ints]], rng: np.random.Generator) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"lead_id": ids, "kind": kind, "key": _draw_ids(kind[0].upper(), key.max() + 1, rng)[key], "role": role}
        )
        for kind, (role, key) in kinds.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _chance(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))
