"""A seeded made-up market whose truth is known: people, channels, offers, what they did and what they would have done.

    spec.py      what to make: how many rows, which months
    terms.py     channels, offers and what they charge, to the cent
    calendar.py  month lengths, weekdays, holidays, growth
    people.py    who the people are, fraud rings, shared devices
    ties.py      companies, shell companies, dormitories
    response.py  the true chances to book and to go bad
    outcomes.py  the randomised history, and the truth about the leads
    daily.py     the day-by-day results of the whole business
    make.py      all of it from one seed

    partner_traffic.py, partner_draws.py   partners week by week, honest and fraudulent, for the monitor

Truth is for tests, benchmarks and the demo's own checks; nothing that decides may read it. No clock, no files.
"""

from acquire.ingest.market.make import Market, make_market
from acquire.ingest.market.spec import MarketSpec

__all__ = ["Market", "MarketSpec", "make_market"]
