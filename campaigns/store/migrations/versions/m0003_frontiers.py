"""Frontiers of plans, and scenarios: what other limits would bring."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "frontiers",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_frontiers"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name="fk_frontiers_plan_id"),
    )
    op.create_table(
        "scenarios",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "name", name="pk_scenarios"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name="fk_scenarios_plan_id"),
    )


def downgrade() -> None:
    """Drop them, and with them what was saved."""
    op.drop_table("scenarios")
    op.drop_table("frontiers")
