"""parents and correlation of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_job_id", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("correlation_id", sa.String(length=255), server_default="", nullable=False))
        batch_op.drop_index(batch_op.f("ix_jobs_kind"))
        batch_op.create_index("ix_jobs_kind", ["kind", "id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_jobs_status"))
        batch_op.create_index("ix_jobs_status", ["status", "id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_jobs_vm_context_id"))
        batch_op.create_index("ix_jobs_vm_context_id", ["vm_context_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_parent_job_id"), ["parent_job_id"], unique=False)

    with op.batch_alter_table("log_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("correlation_id", sa.String(length=255), server_default="", nullable=False))

    op.execute("UPDATE jobs SET correlation_id = id")
    op.execute("UPDATE log_events SET correlation_id = job_id")


def downgrade() -> None:
    with op.batch_alter_table("log_events", schema=None) as batch_op:
        batch_op.drop_column("correlation_id")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_parent_job_id"))
        batch_op.drop_index("ix_jobs_vm_context_id")
        batch_op.create_index(batch_op.f("ix_jobs_vm_context_id"), ["vm_context_id"], unique=False)
        batch_op.drop_index("ix_jobs_status")
        batch_op.create_index(batch_op.f("ix_jobs_status"), ["status"], unique=False)
        batch_op.drop_index("ix_jobs_kind")
        batch_op.create_index(batch_op.f("ix_jobs_kind"), ["kind"], unique=False)
        batch_op.drop_column("correlation_id")
        batch_op.drop_column("parent_job_id")
