"""What scripts of the format's official clients give and ask back; when files that runs have used were changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(length=24)


def upgrade() -> None:
    op.add_column("datasets", sa.Column("stored_as", sa.String(length=16), nullable=True))
    op.add_column("datasets", sa.Column("processed_until", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("worker_config_id", ID, nullable=True))
    op.add_column("predictions", sa.Column("details", sa.Text(), nullable=True))
    op.add_column("used_files", sa.Column("file_modified_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE used_files SET file_modified_at = 0")
    with op.batch_alter_table("used_files", table_kwargs={"sqlite_with_rowid": False}) as used_files:
        used_files.alter_column("file_modified_at", existing_type=sa.BigInteger(), nullable=False)
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "worker_configs",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("generation", sa.String(length=8), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_worker_configs_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_worker_configs"),
    )
    op.create_table(
        "datasource_documents",
        sa.Column("dataset_id", ID, autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_datasource_documents_dataset_id"),
        sa.PrimaryKeyConstraint("dataset_id", "purpose", name="pk_datasource_documents"),
        sa.UniqueConstraint("id", name="uq_datasource_documents_id"),
    )
    op.create_table(
        "sample_metadata",
        sa.Column("dataset_id", ID, autoincrement=False, nullable=False),
        sa.Column("sample_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("custom", sa.Text(), nullable=True),
        sa.Column("measured", sa.Text(), nullable=True),
        sa.Column("exif", sa.Text(), nullable=True),
        sa.Column("video_frame", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id", "sample_index"],
            ["samples.dataset_id", "samples.sample_index"],
            name="fk_sample_metadata_dataset_id_sample_index",
        ),
        sa.PrimaryKeyConstraint("dataset_id", "sample_index", name="pk_sample_metadata"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metadata_configurations",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_metadata_configurations_dataset_id"),
        sa.PrimaryKeyConstraint("id", name="pk_metadata_configurations"),
    )
    op.create_index("ix_metadata_configurations_dataset_id", "metadata_configurations", ["dataset_id"], unique=False)
    op.create_table(
        "uploaded_embeddings",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("dimension", sa.Integer(), nullable=True),
        sa.Column("embedder_id", ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_uploaded_embeddings_dataset_id"),
        sa.ForeignKeyConstraint(["embedder_id"], ["embedders.id"], name="fk_uploaded_embeddings_embedder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_uploaded_embeddings"),
    )
    op.create_index("ix_uploaded_embeddings_dataset_id", "uploaded_embeddings", ["dataset_id"], unique=False)
    op.create_table(
        "active_learning_scores",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["datasets.id"], name="fk_active_learning_scores_dataset_id"),
        sa.PrimaryKeyConstraint("id", name="pk_active_learning_scores"),
        sa.UniqueConstraint("tag_id", "name", name="uq_active_learning_scores_tag_id_name"),
    )
    op.create_index("ix_active_learning_scores_dataset_id", "active_learning_scores", ["dataset_id"], unique=False)
