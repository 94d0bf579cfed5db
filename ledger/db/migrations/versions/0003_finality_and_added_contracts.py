"""Finality by depth or tag, facts that a reorg withdraws, and contracts that are added later."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PLACE = ("chain_id", "block_number", "log_index")


def upgrade() -> None:
    _finality()
    _fence()
    _places_of_facts()
    _added_contracts()


def downgrade() -> None:
    op.execute("DELETE FROM deployments WHERE NOT is_main")
    op.drop_constraint(op.f("pk_deployments"), "deployments")
    op.create_primary_key(op.f("pk_deployments"), "deployments", ["chain_id", "name"])
    op.drop_index("uq_deployments_main", "deployments")
    for name in ("next_block", "is_main"):
        op.drop_column("deployments", name)

    op.execute("DELETE FROM outbox WHERE withdraws IS NOT NULL")
    op.drop_index("ix_outbox_place", "outbox")
    op.drop_constraint(op.f("ck_outbox_place"), "outbox")
    for name in ("withdraws", *PLACE):
        op.drop_column("outbox", name)

    op.add_column("chains", sa.Column("confirmations", sa.BigInteger(), nullable=True))
    op.execute("UPDATE chains SET confirmations = coalesce(substring(finality FROM 'depth:(.*)')::bigint, 1)")
    op.alter_column("chains", "confirmations", nullable=False)
    for name in ("confirmed_block", "finality", "last_hash"):
        op.drop_column("chains", name)


def _finality() -> None:
    for column in (sa.Column("finality", sa.Text()), sa.Column("confirmed_block", sa.BigInteger())):
        op.add_column("chains", column)
    op.execute("UPDATE chains SET finality = 'depth:' || confirmations, confirmed_block = next_block - confirmations")
    for name in ("finality", "confirmed_block"):
        op.alter_column("chains", name, nullable=False)
    op.drop_column("chains", "confirmations")


def _fence() -> None:
    op.add_column("chains", sa.Column("last_hash", sa.LargeBinary(32), nullable=True))
    op.execute(
        "UPDATE chains SET last_hash = block_hash FROM chain_blocks"
        " WHERE chain_blocks.chain_id = chains.chain_id AND block_number = next_block - 1"
    )


def _places_of_facts() -> None:
    """Facts told so far stay without a place: what is older than this release is not withdrawn."""
    for name in PLACE:
        op.add_column("outbox", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("withdraws", sa.Uuid(), nullable=True))
    op.create_unique_constraint(op.f("uq_outbox_withdraws"), "outbox", ["withdraws"])
    op.create_foreign_key(op.f("fk_outbox_withdraws"), "outbox", "outbox", ["withdraws"], ["event_id"])
    op.create_check_constraint(
        op.f("ck_outbox_place"), "outbox", "num_nulls(chain_id, block_number, log_index) IN (0, 3)"
    )
    op.create_index("ix_outbox_place", "outbox", ["chain_id", "block_number"], postgresql_where="chain_id IS NOT NULL")


def _added_contracts() -> None:
    op.add_column("deployments", sa.Column("is_main", sa.Boolean(), server_default="true", nullable=False))
    op.alter_column("deployments", "is_main", server_default=None)
    op.add_column("deployments", sa.Column("next_block", sa.BigInteger(), nullable=True))
    op.drop_constraint(op.f("pk_deployments"), "deployments")
    op.create_primary_key(op.f("pk_deployments"), "deployments", ["chain_id", "address"])
    op.create_index("uq_deployments_main", "deployments", ["chain_id", "name"], unique=True, postgresql_where="is_main")
