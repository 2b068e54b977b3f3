"""Column types that mean the same in SQLite and in PostgreSQL: money to the cent, instants in UTC."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

CENT = Decimal("0.01")


class Money(TypeDecorator[Decimal]):
    """Money as Decimal with two digits; SQLite, which has no decimals, holds whole cents.

    Sums taken by the database are exact in both.
    """

    impl = Numeric(18, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of this kind of database."""
        column: TypeEngine[Any] = BigInteger() if dialect.name == "sqlite" else Numeric(18, 2)
        return dialect.type_descriptor(column)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Write `value`, which must be a whole number of cents."""
        if value is None:
            return None
        if value != value.quantize(CENT):
            raise ValueError("money is finer than a cent; round it where it is made")
        return int(value.scaleb(2)) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Read money as Decimal."""
        if value is None:
            return None
        return Decimal(value).scaleb(-2) if dialect.name == "sqlite" else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC. A datetime without a time zone is refused: nobody could tell when it was."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write the instant in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read the instant in UTC; SQLite forgets the zone, so it is put back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
