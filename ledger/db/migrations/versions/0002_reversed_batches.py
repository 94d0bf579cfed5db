"""Batches that are reversed, suspended and made good."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SUMS = ("cancelled_kg", "spent_buffer_kg", "deficit_circulating_kg", "deficit_retired_kg")
STATES = ("suspended", "reversed")
CONSTRAINT = "ck_credit_batches_cancelled_kg_non_negative"


def upgrade() -> None:
    op.add_column("credit_batches", sa.Column("suspended_until", sa.DateTime(timezone=True), nullable=True))
    for name in SUMS:
        _add("credit_batches", name, sa.BigInteger(), "0")
    for name in STATES:
        _add("credit_batches", name, sa.Boolean(), "false")
    op.create_check_constraint(op.f(CONSTRAINT), "credit_batches", " AND ".join(f"{name} >= 0" for name in SUMS))


def downgrade() -> None:
    op.drop_constraint(op.f(CONSTRAINT), "credit_batches")
    for name in (*STATES, *SUMS, "suspended_until"):
        op.drop_column("credit_batches", name)


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], so_far: str) -> None:
    """Adds a column whose value is the same for all rows so far, and none that is left out later."""
    op.add_column(table, sa.Column(name, kind, server_default=so_far, nullable=False))
    op.alter_column(table, name, server_default=None)
