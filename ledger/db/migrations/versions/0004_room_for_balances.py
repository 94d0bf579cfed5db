"""Room in the pages of balances, where a changed row finds a place beside the one that it replaces."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BALANCES = ("credit_holdings", "coin_holdings")


def upgrade() -> None:
    for table in BALANCES:
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")


def downgrade() -> None:
    for table in BALANCES:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
