"""Maps that runs make, besides those by principal axes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("projections", sa.Column("parameters", sa.Text(), nullable=True))
    op.add_column("projections", sa.Column("run_id", sa.String(length=24), nullable=True))
    op.execute("UPDATE projections SET parameters = '{}'")
    with op.batch_alter_table("projections") as projections:
        projections.alter_column("parameters", existing_type=sa.Text(), nullable=False)
        projections.alter_column("basis", existing_type=sa.LargeBinary(), nullable=True)
