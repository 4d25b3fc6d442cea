"""Users, tokens, workers, queued runs, projections, and what people do to tags."""

from __future__ import annotations

import secrets
import time
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _create_tables()
    owner = _create_local_user()
    _give_to("datasets", owner, {"is_confined": "false"})
    with op.batch_alter_table("datasets") as datasets:
        datasets.alter_column("owner_id", existing_type=sa.String(length=24), nullable=False)
        datasets.alter_column("is_confined", existing_type=sa.Boolean(), nullable=False)
        datasets.drop_constraint("uq_datasets_name", type_="unique")
        datasets.create_unique_constraint("uq_datasets_owner_id_name", ["owner_id", "name"])
        datasets.create_foreign_key("fk_datasets_owner_id", "users", ["owner_id"], ["id"])
    _give_to("runs", owner, {"kind": "'object-level'", "priority": "0", "runs_on": "'[]'", "lease": "0", "deaths": "0"})
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("owner_id", existing_type=sa.String(length=24), nullable=False)
        runs.alter_column("kind", existing_type=sa.String(length=16), nullable=False)
        runs.alter_column("runs_on", existing_type=sa.Text(), nullable=False)
        for name in ("priority", "lease", "deaths"):
            runs.alter_column(name, existing_type=sa.Integer(), nullable=False)
        runs.alter_column("process_id", existing_type=sa.Integer(), nullable=True)
        runs.alter_column("host_name", existing_type=sa.Text(), nullable=True)
        runs.create_foreign_key("fk_runs_owner_id", "users", ["owner_id"], ["id"])
    op.create_index("ix_runs_state", "runs", ["state"], unique=False)
    op.add_column("run_log", sa.Column("lease", sa.Integer(), nullable=True))
    op.add_column("run_log", sa.Column("lease_line", sa.Integer(), nullable=True))
    op.execute("UPDATE run_log SET lease = 0, lease_line = line_number")
    with op.batch_alter_table("run_log") as run_log:
        run_log.alter_column("lease", existing_type=sa.Integer(), nullable=False)
        run_log.alter_column("lease_line", existing_type=sa.Integer(), nullable=False)


def _create_local_user() -> str:
    """The owner of this home: all that was made before there were users is theirs."""
    owner = secrets.token_hex(12)
    op.execute(
        sa.text("INSERT INTO users (id, name, is_local, created_at) VALUES (:id, 'local', true, :now)").bindparams(
            id=owner, now=int(time.time() * 1000)
        )
    )
    return owner


def _give_to(table: str, owner: str, values: dict[str, str]) -> None:
    """Add the columns of the rows that are there; they may be NULL until they are filled."""
    op.add_column(table, sa.Column("owner_id", sa.String(length=24), nullable=True))
    for name, kind in _NEW_COLUMNS[table].items():
        op.add_column(table, sa.Column(name, kind, nullable=True))
    filled = ", ".join(f"{name} = {value}" for name, value in values.items())
    op.execute(sa.text(f"UPDATE {table} SET owner_id = :owner, {filled}").bindparams(owner=owner))


_NEW_COLUMNS: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "datasets": {"is_confined": sa.Boolean()},
    "runs": {
        "kind": sa.String(length=16),
        "priority": sa.Integer(),
        "runs_on": sa.Text(),
        "worker_id": sa.String(length=24),
        "lease": sa.Integer(),
        "lease_expires_at": sa.BigInteger(),
        "deaths": sa.Integer(),
        "progress": sa.Text(),
    },
}


def _create_tables() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_local", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_index(
        "uq_users_local",
        "users",
        ["is_local"],
        unique=True,
        sqlite_where=sa.text("is_local"),
        postgresql_where=sa.text("is_local"),
    )

    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), autoincrement=False, nullable=False),
        sa.Column("request_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id"),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)

    op.create_table(
        "login_codes",
        sa.Column("digest", sa.LargeBinary(length=32), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_codes_user_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_login_codes"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("host_name", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("is_draining", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_workers_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
        sa.UniqueConstraint("owner_id", "name", name="uq_workers_owner_id_name"),
    )
    op.create_table(
        "dataset_shares",
        sa.Column("dataset_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_dataset_shares_dataset_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_dataset_shares_user_id"),
        sa.PrimaryKeyConstraint("dataset_id", "user_id", name="pk_dataset_shares"),
    )
    op.create_table(
        "datasource_credentials",
        sa.Column("dataset_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_datasource_credentials_dataset_id"),
        sa.PrimaryKeyConstraint("dataset_id", "purpose", name="pk_datasource_credentials"),
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("sample_count", sa.Integer(), nullable=False),
        sa.Column("byte_length", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_exports_dataset_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_exports_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
    )
    op.create_index("ix_exports_dataset_id", "exports", ["dataset_id"], unique=False)

    op.create_table(
        "operations",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_operations_dataset_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_operations_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_index(
        "ix_operations_dataset_id_user_id_created_at",
        "operations",
        ["dataset_id", "user_id", "created_at"],
        unique=False,
    )

    op.create_table(
        "projections",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=24), nullable=False),
        sa.Column("embedder_id", sa.String(length=24), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_projections_dataset_id"),
        sa.ForeignKeyConstraint(["embedder_id"], ["embedders.id"], name="fk_projections_embedder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_projections"),
        sa.UniqueConstraint("dataset_id", "method", name="uq_projections_dataset_id_method"),
    )
    op.create_table(
        "selections",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_selections_dataset_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_selections_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_selections"),
    )
    op.create_index("ix_selections_dataset_id", "selections", ["dataset_id"], unique=False)

    op.create_table(
        "views",
        sa.Column("id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("dataset_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_views_dataset_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_views_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_views"),
        sa.UniqueConstraint("dataset_id", "name", name="uq_views_dataset_id_name"),
    )
    op.create_table(
        "operation_changes",
        sa.Column("operation_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("tag_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name="fk_operation_changes_operation_id"),
        sa.PrimaryKeyConstraint("operation_id", "tag_id", name="pk_operation_changes"),
    )
    op.create_table(
        "projection_segments",
        sa.Column("projection_id", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("first_index", sa.Integer(), nullable=False),
        sa.Column("sample_indices", sa.LargeBinary(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("byte_length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["projection_id"], ["projections.id"], name="fk_projection_segments_projection_id"),
        sa.PrimaryKeyConstraint("projection_id", "version", name="pk_projection_segments"),
        sa.UniqueConstraint("file_name", name="uq_projection_segments_file_name"),
    )
