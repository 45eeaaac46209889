"""sealed passwords of any length."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("vmware_credentials") as batch:
        batch.alter_column("password", existing_type=sa.String(255), type_=sa.Text(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("vmware_credentials") as batch:
        batch.alter_column("password", existing_type=sa.Text(), type_=sa.String(255), existing_nullable=False)
