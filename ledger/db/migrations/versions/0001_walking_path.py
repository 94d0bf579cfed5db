"""The walking path: accounts, footprints, credits, market, chain mirror."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCES = (
    "id_activity",
    "id_credit",
    "id_verification",
    "id_listing",
    "id_purchase",
    "id_retirement",
    "id_user",
    "id_company",
    "id_verifier",
)


def upgrade() -> None:
    for name in SEQUENCES:
        op.execute(sa.schema.CreateSequence(sa.Sequence(name)))
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("home_network", sa.Text(), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=True),
        sa.Column("custody_index", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'company', 'verifier', 'operator')", name=op.f("ck_accounts_kind")),
        sa.CheckConstraint("tier IN ('free', 'basic', 'pro', 'enterprise')", name=op.f("ck_accounts_tier")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("custody_index", name=op.f("uq_accounts_custody_index")),
        sa.UniqueConstraint("public_id", name=op.f("uq_accounts_public_id")),
        sa.UniqueConstraint("wallet", name=op.f("uq_accounts_wallet")),
    )
    op.create_table(
        "chains",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("genesis_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("next_block", sa.BigInteger(), nullable=False),
        sa.Column("confirmations", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_chains")),
        sa.UniqueConstraint("network", name=op.f("uq_chains_network")),
    )
    op.create_table(
        "coin_holdings",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.LargeBinary(length=20), nullable=False),
        sa.Column("balance_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance_micros >= 0", name=op.f("ck_coin_holdings_balance_micros_non_negative")),
        sa.PrimaryKeyConstraint("chain_id", "holder", name=op.f("pk_coin_holdings")),
    )
    op.create_table(
        "credit_batches",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("vintage_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vintage_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verifier", sa.LargeBinary(length=20), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("buffer_bps", sa.BigInteger(), nullable=False),
        sa.Column("issuances", sa.BigInteger(), nullable=False),
        sa.Column("issued_kg", sa.BigInteger(), nullable=False),
        sa.Column("buffered_kg", sa.BigInteger(), nullable=False),
        sa.Column("retired_kg", sa.BigInteger(), nullable=False),
        sa.Column("opened_block", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "issued_kg >= 0 AND buffered_kg >= 0 AND retired_kg >= 0",
            name=op.f("ck_credit_batches_issued_kg_non_negative"),
        ),
        sa.PrimaryKeyConstraint("chain_id", "batch_id", name=op.f("pk_credit_batches")),
    )
    op.create_table(
        "credit_holdings",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.LargeBinary(length=20), nullable=False),
        sa.Column("balance_kg", sa.BigInteger(), nullable=False),
        sa.Column("earned_kg", sa.BigInteger(), nullable=False),
        sa.Column("purchased_kg", sa.BigInteger(), nullable=False),
        sa.Column("sold_kg", sa.BigInteger(), nullable=False),
        sa.Column("retired_kg", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "balance_kg >= 0 AND earned_kg >= 0 AND purchased_kg >= 0 AND sold_kg >= 0 AND retired_kg >= 0",
            name=op.f("ck_credit_holdings_balance_kg_non_negative"),
        ),
        sa.PrimaryKeyConstraint("chain_id", "holder", name=op.f("pk_credit_holdings")),
    )
    op.create_table(
        "market_fills",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("taker_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seller", sa.LargeBinary(length=20), nullable=False),
        sa.Column("buyer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("price_per_kg", sa.BigInteger(), nullable=False),
        sa.Column("total_micros", sa.BigInteger(), nullable=False),
        sa.Column("fee_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_market_fills")),
    )
    op.create_index(
        op.f("ix_market_fills_chain_id_block_time"), "market_fills", ["chain_id", "block_time"], unique=False
    )
    op.create_index(op.f("ix_market_fills_chain_id_buyer"), "market_fills", ["chain_id", "buyer"], unique=False)
    op.create_index(op.f("ix_market_fills_chain_id_ref"), "market_fills", ["chain_id", "ref"], unique=False)
    op.create_index(op.f("ix_market_fills_chain_id_seller"), "market_fills", ["chain_id", "seller"], unique=False)
    op.create_index(op.f("ix_market_fills_chain_id_taker_ref"), "market_fills", ["chain_id", "taker_ref"], unique=False)
    op.create_table(
        "market_orders",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("maker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("side", sa.BigInteger(), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("price_per_kg", sa.BigInteger(), nullable=False),
        sa.Column("minimum_kg", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("filled_kg", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("placed_block", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("filled_kg >= 0", name=op.f("ck_market_orders_filled_kg_non_negative")),
        sa.PrimaryKeyConstraint("chain_id", "ref", name=op.f("pk_market_orders")),
    )
    op.create_index(
        "ix_market_orders_open_maker",
        "market_orders",
        ["chain_id", "maker"],
        unique=False,
        postgresql_where="NOT cancelled",
    )
    op.create_table(
        "minted_credits",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("credit_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(length=20), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_minted_credits")),
        sa.UniqueConstraint("chain_id", "credit_id", name=op.f("uq_minted_credits_chain_id_credit_id")),
    )
    op.create_index(
        op.f("ix_minted_credits_chain_id_recipient"), "minted_credits", ["chain_id", "recipient"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aggregate", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_table(
        "positions",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.LargeBinary(length=20), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "holder", name=op.f("pk_positions")),
    )
    op.create_table(
        "retired_credits",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("holder", sa.LargeBinary(length=20), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("batches", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_retired_credits")),
        sa.UniqueConstraint("chain_id", "ref", name=op.f("uq_retired_credits_chain_id_ref")),
    )
    op.create_index(op.f("ix_retired_credits_chain_id_holder"), "retired_credits", ["chain_id", "holder"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submissions")),
        sa.UniqueConstraint(
            "chain_id", "sender", "nonce", "attempt", name=op.f("uq_submissions_chain_id_sender_nonce_attempt")
        ),
        sa.UniqueConstraint("transaction_hash", name=op.f("uq_submissions_transaction_hash")),
    )
    op.create_index(op.f("ix_submissions_chain_id_purpose"), "submissions", ["chain_id", "purpose"], unique=False)
    op.create_index(
        "ix_submissions_unseen",
        "submissions",
        ["chain_id", "sender", "nonce"],
        unique=False,
        postgresql_where="block_number IS NULL",
    )
    op.create_table(
        "used_authorizations",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("authorizer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "authorizer", "nonce", name=op.f("pk_used_authorizations")),
    )
    op.create_table(
        "activities",
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column("co2_mg", sa.BigInteger(), nullable=False),
        sa.Column("derived_co2_mg", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("factor_id", sa.Text(), nullable=True),
        sa.Column("factor_edition", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("verification_method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("co2_mg >= 0", name=op.f("ck_activities_co2_mg_non_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_activities_account_id")),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activities")),
    )
    op.create_index(op.f("ix_activities_account_id_day"), "activities", ["account_id", "day"], unique=False)
    op.create_index(
        "uq_activities_reference",
        "activities",
        ["account_id", "reference"],
        unique=True,
        postgresql_where="reference IS NOT NULL",
    )
    op.create_table(
        "api_keys",
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_api_keys_account_id")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_account_id"), "api_keys", ["account_id"], unique=False)
    op.create_table(
        "carried_fractions",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("carried_mg", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_carried_fractions_account_id")),
        sa.PrimaryKeyConstraint("account_id", "source", name=op.f("pk_carried_fractions")),
    )
    op.create_table(
        "chain_blocks",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.chain_id"], name=op.f("fk_chain_blocks_chain_id")),
        sa.PrimaryKeyConstraint("chain_id", "block_number", name=op.f("pk_chain_blocks")),
    )
    op.create_table(
        "chain_events",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("contract", sa.LargeBinary(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.chain_id"], name=op.f("fk_chain_events_chain_id")),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_chain_events")),
    )
    op.create_index(
        op.f("ix_chain_events_chain_id_name_block_number"),
        "chain_events",
        ["chain_id", "name", "block_number"],
        unique=False,
    )
    op.create_table(
        "deployments",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.chain_id"], name=op.f("fk_deployments_chain_id")),
        sa.PrimaryKeyConstraint("chain_id", "name", name=op.f("pk_deployments")),
    )
    op.create_table(
        "footprint_days",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("co2_mg", sa.BigInteger(), nullable=False),
        sa.Column("activities", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("co2_mg >= 0", name=op.f("ck_footprint_days_co2_mg_non_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_footprint_days_account_id")),
        sa.PrimaryKeyConstraint("account_id", "day", "category", name=op.f("pk_footprint_days")),
    )
    op.create_table(
        "intents",
        sa.Column("intent_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("holder", sa.LargeBinary(length=20), nullable=True),
        sa.Column("debit_kg", sa.BigInteger(), nullable=False),
        sa.Column("debit_micros", sa.BigInteger(), nullable=False),
        sa.Column("order_ref", sa.LargeBinary(length=32), nullable=True),
        sa.Column("order_kg", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("transaction_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("log_index", sa.BigInteger(), nullable=True),
        sa.Column("failure", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'submitted', 'mined', 'confirmed', 'failed', 'withdrawn')",
            name=op.f("ck_intents_status"),
        ),
        sa.CheckConstraint("debit_kg >= 0 AND debit_micros >= 0", name=op.f("ck_intents_debit_kg_non_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_intents_account_id")),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.chain_id"], name=op.f("fk_intents_chain_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.submission_id"], name=op.f("fk_intents_submission_id")
        ),
        sa.PrimaryKeyConstraint("intent_id", name=op.f("pk_intents")),
        sa.UniqueConstraint("chain_id", "ref", name=op.f("uq_intents_chain_id_ref")),
    )
    op.create_index(op.f("ix_intents_account_id"), "intents", ["account_id"], unique=False)
    op.create_index(
        op.f("ix_intents_chain_id_block_number"),
        "intents",
        ["chain_id", "block_number"],
        unique=False,
        postgresql_where="block_number IS NOT NULL",
    )
    op.create_index(
        op.f("ix_intents_chain_id_status_intent_id"),
        "intents",
        ["chain_id", "status", "intent_id"],
        unique=False,
        postgresql_where="status IN ('queued', 'submitted', 'mined')",
    )
    op.create_index(
        "ix_intents_open_holder",
        "intents",
        ["holder"],
        unique=False,
        postgresql_where="status IN ('queued', 'submitted')",
    )
    op.create_index(
        "ix_intents_open_order",
        "intents",
        ["order_ref"],
        unique=False,
        postgresql_where="status IN ('queued', 'submitted')",
    )
    op.create_index(op.f("ix_intents_submission_id"), "intents", ["submission_id"], unique=False)
    op.create_table(
        "credits",
        sa.Column("credit_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("saved_mg", sa.BigInteger(), nullable=False),
        sa.Column("claimed_kg", sa.BigInteger(), nullable=False),
        sa.Column("verified_kg", sa.BigInteger(), nullable=True),
        sa.Column("basis", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Numeric(), nullable=True),
        sa.Column("longitude", sa.Numeric(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("verifier_account_id", sa.BigInteger(), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=True),
        sa.Column("network", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending_verification', 'verified', 'rejected')", name=op.f("ck_credits_status")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_credits_account_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_credits_intent_id")),
        sa.ForeignKeyConstraint(
            ["verifier_account_id"], ["accounts.account_id"], name=op.f("fk_credits_verifier_account_id")
        ),
        sa.PrimaryKeyConstraint("credit_id", name=op.f("pk_credits")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_credits_intent_id")),
        sa.UniqueConstraint("proof", name=op.f("uq_credits_proof")),
    )
    op.create_index(op.f("ix_credits_account_id"), "credits", ["account_id"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("answer_status", sa.BigInteger(), nullable=True),
        sa.Column("answer_body", sa.LargeBinary(), nullable=True),
        sa.Column("intent_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_idempotency_keys_account_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_idempotency_keys_intent_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "listings",
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("price_per_kg", sa.BigInteger(), nullable=False),
        sa.Column("minimum_kg", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kg > 0 AND minimum_kg > 0 AND minimum_kg <= kg", name=op.f("ck_listings_amounts")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_listings_account_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_listings_intent_id")),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listings")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_listings_intent_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_listings_ref")),
    )
    op.create_index(op.f("ix_listings_account_id"), "listings", ["account_id"], unique=False)
    op.create_table(
        "retirements",
        sa.Column("retirement_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("beneficiary", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_retirements_account_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_retirements_intent_id")),
        sa.PrimaryKeyConstraint("retirement_id", name=op.f("pk_retirements")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_retirements_intent_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_retirements_ref")),
    )
    op.create_index(op.f("ix_retirements_account_id"), "retirements", ["account_id"], unique=False)
    op.create_table(
        "purchases",
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kg", sa.BigInteger(), nullable=False),
        sa.Column("total_micros", sa.BigInteger(), nullable=False),
        sa.Column("intent_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kg > 0", name=op.f("ck_purchases_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_purchases_account_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_purchases_intent_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.listing_id"], name=op.f("fk_purchases_listing_id")),
        sa.PrimaryKeyConstraint("purchase_id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_purchases_intent_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_purchases_ref")),
    )
    op.create_index(op.f("ix_purchases_account_id"), "purchases", ["account_id"], unique=False)
    op.create_index(op.f("ix_purchases_listing_id"), "purchases", ["listing_id"], unique=False)
    op.create_table(
        "verifications",
        sa.Column("verification_id", sa.Text(), nullable=False),
        sa.Column("credit_id", sa.Text(), nullable=False),
        sa.Column("claimant_account_id", sa.BigInteger(), nullable=False),
        sa.Column("verifier_account_id", sa.BigInteger(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Numeric(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("record_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('submitted', 'approved', 'rejected')", name=op.f("ck_verifications_status")),
        sa.ForeignKeyConstraint(
            ["claimant_account_id"], ["accounts.account_id"], name=op.f("fk_verifications_claimant_account_id")
        ),
        sa.ForeignKeyConstraint(["credit_id"], ["credits.credit_id"], name=op.f("fk_verifications_credit_id")),
        sa.ForeignKeyConstraint(
            ["verifier_account_id"], ["accounts.account_id"], name=op.f("fk_verifications_verifier_account_id")
        ),
        sa.PrimaryKeyConstraint("verification_id", name=op.f("pk_verifications")),
        sa.UniqueConstraint("credit_id", name=op.f("uq_verifications_credit_id")),
    )


def downgrade() -> None:
    op.drop_table("verifications")
    op.drop_index(op.f("ix_purchases_listing_id"), table_name="purchases")
    op.drop_index(op.f("ix_purchases_account_id"), table_name="purchases")
    op.drop_table("purchases")
    op.drop_index(op.f("ix_retirements_account_id"), table_name="retirements")
    op.drop_table("retirements")
    op.drop_index(op.f("ix_listings_account_id"), table_name="listings")
    op.drop_table("listings")
    op.drop_table("idempotency_keys")
    op.drop_index(op.f("ix_credits_account_id"), table_name="credits")
    op.drop_table("credits")
    op.drop_index(op.f("ix_intents_submission_id"), table_name="intents")
    op.drop_index("ix_intents_open_order", table_name="intents", postgresql_where="status IN ('queued', 'submitted')")
    op.drop_index("ix_intents_open_holder", table_name="intents", postgresql_where="status IN ('queued', 'submitted')")
    op.drop_index(
        op.f("ix_intents_chain_id_status_intent_id"),
        table_name="intents",
        postgresql_where="status IN ('queued', 'submitted', 'mined')",
    )
    op.drop_index(
        op.f("ix_intents_chain_id_block_number"), table_name="intents", postgresql_where="block_number IS NOT NULL"
    )
    op.drop_index(op.f("ix_intents_account_id"), table_name="intents")
    op.drop_table("intents")
    op.drop_table("footprint_days")
    op.drop_table("deployments")
    op.drop_index(op.f("ix_chain_events_chain_id_name_block_number"), table_name="chain_events")
    op.drop_table("chain_events")
    op.drop_table("chain_blocks")
    op.drop_table("carried_fractions")
    op.drop_index(op.f("ix_api_keys_account_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_index("uq_activities_reference", table_name="activities", postgresql_where="reference IS NOT NULL")
    op.drop_index(op.f("ix_activities_account_id_day"), table_name="activities")
    op.drop_table("activities")
    op.drop_table("used_authorizations")
    op.drop_index("ix_submissions_unseen", table_name="submissions", postgresql_where="block_number IS NULL")
    op.drop_index(op.f("ix_submissions_chain_id_purpose"), table_name="submissions")
    op.drop_table("submissions")
    op.drop_index(op.f("ix_retired_credits_chain_id_holder"), table_name="retired_credits")
    op.drop_table("retired_credits")
    op.drop_table("positions")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_minted_credits_chain_id_recipient"), table_name="minted_credits")
    op.drop_table("minted_credits")
    op.drop_index("ix_market_orders_open_maker", table_name="market_orders", postgresql_where="NOT cancelled")
    op.drop_table("market_orders")
    op.drop_index(op.f("ix_market_fills_chain_id_taker_ref"), table_name="market_fills")
    op.drop_index(op.f("ix_market_fills_chain_id_seller"), table_name="market_fills")
    op.drop_index(op.f("ix_market_fills_chain_id_ref"), table_name="market_fills")
    op.drop_index(op.f("ix_market_fills_chain_id_buyer"), table_name="market_fills")
    op.drop_index(op.f("ix_market_fills_chain_id_block_time"), table_name="market_fills")
    op.drop_table("market_fills")
    op.drop_table("credit_holdings")
    op.drop_table("credit_batches")
    op.drop_table("coin_holdings")
    op.drop_table("chains")
    op.drop_table("accounts")
    for name in SEQUENCES:
        op.execute(sa.schema.DropSequence(sa.Sequence(name)))
