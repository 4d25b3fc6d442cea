"""Scores of predictions, of each sample."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("sample_metadata", sa.Column("scores", sa.Text(), nullable=True))
