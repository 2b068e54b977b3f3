"""The first tables: partners and channels, users, plans and lists, daily facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite has no decimals: it holds whole cents.
MONEY = sa.Numeric(18, 2).with_variant(sa.BigInteger(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    _create_partners()
    _create_users()
    _create_plans()
    _create_lists()
    _create_daily_facts()


def downgrade() -> None:
    """Drop them, those that point at others first."""
    for table in (
        "daily_facts",
        "list_rows",
        "lists",
        "plans",
        "login_sessions",
        "users",
        "channels",
        "partners",
    ):
        op.drop_table(table)


def _create_partners() -> None:
    op.create_table(
        "partners",
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("partner", name="pk_partners"),
        sa.UniqueConstraint("slug", name="uq_partners_slug"),
    )
    op.create_table(
        "channels",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_channels"),
        sa.ForeignKeyConstraint(["partner"], ["partners.partner"], name="fk_channels_partner"),
    )
    op.create_index("ix_channels_partner", "channels", ["partner"])


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("login", name="pk_users"),
        sa.ForeignKeyConstraint(["partner"], ["partners.partner"], name="fk_users_partner"),
        sa.CheckConstraint(
            "role IN ('executive', 'growth', 'risk', 'approver', 'partner')", name=op.f("ck_users_role")
        ),
        sa.CheckConstraint("(role = 'partner') = (partner IS NOT NULL)", name=op.f("ck_users_partner")),
    )
    op.create_table(
        "login_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login_sessions"),
        sa.ForeignKeyConstraint(["login"], ["users.login"], name="fk_login_sessions_login", ondelete="CASCADE"),
    )
    op.create_index("ix_login_sessions_login", "login_sessions", ["login"])


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("contacts", sa.Double(), nullable=True),
        sa.Column("spend", sa.Double(), nullable=True),
        sa.Column("booked", sa.Double(), nullable=True),
        sa.Column("incremental", sa.Double(), nullable=True),
        sa.Column("bad_rate", sa.Double(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("document", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
    )
    op.create_index("ix_plans_created_at", "plans", ["created_at"])


def _create_lists() -> None:
    op.create_table(
        "lists",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", name="pk_lists"),
        sa.UniqueConstraint("plan_id", "partner", name="uq_lists_plan_id"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name="fk_lists_plan_id"),
        sa.ForeignKeyConstraint(["partner"], ["partners.partner"], name="fk_lists_partner"),
    )
    op.create_index("ix_lists_partner", "lists", ["partner"])
    op.create_table(
        "list_rows",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("offer", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "position", name="pk_list_rows"),
        sa.ForeignKeyConstraint(["list_id"], ["lists.list_id"], name="fk_list_rows_list_id", ondelete="CASCADE"),
    )


def _create_daily_facts() -> None:
    counts = (
        "contacts",
        "clicked",
        "applied",
        "approved",
        "booked",
        "matured",
        "bad",
        "control_leads",
        "control_booked",
    )
    op.create_table(
        "daily_facts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("offer", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        *(sa.Column(name, MONEY, nullable=False) for name in ("amount", "spend")),
        sa.Column("revenue", MONEY, nullable=True),
        sa.PrimaryKeyConstraint("day", "channel", "offer", name="pk_daily_facts"),
        sa.ForeignKeyConstraint(["channel"], ["channels.channel"], name="fk_daily_facts_channel"),
        sa.CheckConstraint("bad <= matured AND matured <= booked", name=op.f("ck_daily_facts_matured")),
        sa.CheckConstraint("control_booked <= control_leads", name=op.f("ck_daily_facts_control")),
    )
