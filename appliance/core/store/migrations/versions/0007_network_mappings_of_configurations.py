"""network mappings of configurations."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("network_mappings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ossea_config_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("target_network_name", sa.String(length=255), server_default="", nullable=False))
        batch_op.alter_column("vm_context_id", existing_type=sa.VARCHAR(length=255), nullable=True)
        batch_op.create_index(batch_op.f("ix_network_mappings_ossea_config_id"), ["ossea_config_id"], unique=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_network_mappings_ossea_config_id_source_network_kind"), ["ossea_config_id", "source_network", "kind"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_network_mappings_ossea_config_id"), "ossea_configs", ["ossea_config_id"], ["id"], ondelete="CASCADE"
        )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM network_mappings WHERE vm_context_id IS NULL"))
    with op.batch_alter_table("network_mappings", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_network_mappings_ossea_config_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_network_mappings_ossea_config_id_source_network_kind"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_network_mappings_ossea_config_id"))
        batch_op.alter_column("vm_context_id", existing_type=sa.VARCHAR(length=255), nullable=False)
        batch_op.drop_column("target_network_name")
        batch_op.drop_column("ossea_config_id")
