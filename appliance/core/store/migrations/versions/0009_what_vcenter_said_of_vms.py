"""What vCenter said of VMs outside their cycles."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vm_specifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("job_id", sa.String(length=255), nullable=True),
        sa.Column("specification", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["vm_context_id"], ["vm_replication_contexts.context_id"], name=op.f("fk_vm_specifications_vm_context_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vm_specifications")),
    )
    with op.batch_alter_table("vm_specifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vm_specifications_vm_context_id"), ["vm_context_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vm_specifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vm_specifications_vm_context_id"))

    op.drop_table("vm_specifications")
