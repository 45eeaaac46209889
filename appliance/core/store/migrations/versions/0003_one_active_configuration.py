"""one active configuration on every database, certificates signed by an authority."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, which rows of other tables refer to.
    op.drop_index("uq_ossea_configs_active", "ossea_configs")
    op.add_column("ossea_configs", sa.Column("active_marker", sa.Integer(), sa.Computed("CASE WHEN is_active THEN 1 END"), nullable=True))
    op.create_index("uq_ossea_configs_active", "ossea_configs", ["active_marker"], unique=True)
    op.add_column("ossea_configs", sa.Column("last_trial", sa.JSON(), nullable=True))
    op.add_column("vmware_credentials", sa.Column("ca", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("vmware_credentials", "ca")
    op.drop_column("ossea_configs", "last_trial")
    op.drop_index("uq_ossea_configs_active", "ossea_configs")
    op.drop_column("ossea_configs", "active_marker")
    active_only = sa.text("is_active")
    op.create_index(
        "uq_ossea_configs_active", "ossea_configs", ["is_active"], unique=True, sqlite_where=active_only, postgresql_where=active_only
    )
