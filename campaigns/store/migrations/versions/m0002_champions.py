"""Champions: which kind of model ranks leads by risk, and who decided so."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "champions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=True),
        sa.Column("comparison", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_champions"),
        sa.ForeignKeyConstraint(["decided_by"], ["users.login"], name="fk_champions_decided_by"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name="fk_champions_plan_id"),
        sa.CheckConstraint("action IN ('promote', 'roll back')", name=op.f("ck_champions_action")),
        sa.CheckConstraint("kind IN ('scorecard', 'challenger')", name=op.f("ck_champions_kind")),
        sa.CheckConstraint(
            "(action = 'promote') = (plan_id IS NOT NULL AND comparison IS NOT NULL)",
            name=op.f("ck_champions_evidence"),
        ),
    )


def downgrade() -> None:
    """Drop it, and with it who decided what."""
    op.drop_table("champions")
