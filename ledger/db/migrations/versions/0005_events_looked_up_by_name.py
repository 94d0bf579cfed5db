"""Only the few events that a rewind looks up by their name are indexed by it: most events are transfers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ["chain_id", "name", "block_number"]
NAMES = (
    "BatchReinstated",
    "BatchReversed",
    "BatchSuspended",
    "BatchUnsuspended",
    "CounterRaised",
    "OrderCancelled",
)


def upgrade() -> None:
    op.create_index(
        "ix_chain_events_overwriting", "chain_events", COLUMNS, postgresql_where=sa.text(f"name IN {NAMES}")
    )
    op.drop_index("ix_chain_events_chain_id_name_block_number", "chain_events")


def downgrade() -> None:
    op.create_index("ix_chain_events_chain_id_name_block_number", "chain_events", COLUMNS)
    op.drop_index("ix_chain_events_overwriting", "chain_events")
