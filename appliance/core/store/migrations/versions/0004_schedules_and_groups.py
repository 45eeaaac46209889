"""schedules and groups."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule_executions",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("schedule_id", sa.String(length=255), nullable=False),
        sa.Column("schedule_name", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=True),
        sa.Column("vm_name", sa.String(length=255), nullable=False),
        sa.Column("started_by", sa.String(length=255), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("missed_since", sa.DateTime(), nullable=True),
        sa.Column("start_at", sa.DateTime(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("quiesce", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("job_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_executions")),
    )
    with op.batch_alter_table("schedule_executions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedule_executions_created_at"), ["created_at"], unique=False)
        batch_op.create_index("ix_schedule_executions_history", ["schedule_id", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_schedule_executions_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_schedule_executions_turn", ["status", "start_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_schedule_executions_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "vm_machine_groups",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("max_concurrent", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.String(length=255), nullable=True),
        sa.Column("conflicts_with", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["vm_machine_groups.id"], name=op.f("fk_vm_machine_groups_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vm_machine_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_vm_machine_groups_name")),
    )
    op.create_table(
        "replication_schedules",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cron", sa.String(length=255), nullable=False),
        sa.Column("timezone", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=True),
        sa.Column("on_missed", sa.String(length=255), nullable=False),
        sa.Column("on_gap", sa.String(length=255), nullable=False),
        sa.Column("spread_seconds", sa.Integer(), nullable=False),
        sa.Column("max_concurrent", sa.Integer(), nullable=True),
        sa.Column("quiesce", sa.Boolean(), nullable=False),
        sa.Column("blackouts", sa.JSON(), nullable=False),
        sa.Column("decided_until", sa.DateTime(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["vm_machine_groups.id"], name=op.f("fk_replication_schedules_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replication_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_replication_schedules_name")),
    )
    with op.batch_alter_table("replication_schedules", schema=None) as batch_op:
        batch_op.create_index("ix_replication_schedules_due", ["enabled", "next_run_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_replication_schedules_group_id"), ["group_id"], unique=False)

    op.create_table(
        "vm_group_memberships",
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["vm_machine_groups.id"], name=op.f("fk_vm_group_memberships_group_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["vm_context_id"],
            ["vm_replication_contexts.context_id"],
            name=op.f("fk_vm_group_memberships_vm_context_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "vm_context_id", name=op.f("pk_vm_group_memberships")),
    )
    with op.batch_alter_table("vm_group_memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vm_group_memberships_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "schedule_vms",
        sa.Column("schedule_id", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["replication_schedules.id"], name=op.f("fk_schedule_vms_schedule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["vm_context_id"], ["vm_replication_contexts.context_id"], name=op.f("fk_schedule_vms_vm_context_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("schedule_id", "vm_context_id", name=op.f("pk_schedule_vms")),
    )
    with op.batch_alter_table("schedule_vms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedule_vms_vm_context_id"), ["vm_context_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("schedule_vms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedule_vms_vm_context_id"))

    op.drop_table("schedule_vms")
    with op.batch_alter_table("vm_group_memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vm_group_memberships_vm_context_id"))

    op.drop_table("vm_group_memberships")
    with op.batch_alter_table("replication_schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_replication_schedules_group_id"))
        batch_op.drop_index("ix_replication_schedules_due")

    op.drop_table("replication_schedules")
    op.drop_table("vm_machine_groups")
    with op.batch_alter_table("schedule_executions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedule_executions_vm_context_id"))
        batch_op.drop_index("ix_schedule_executions_turn")
        batch_op.drop_index(batch_op.f("ix_schedule_executions_job_id"))
        batch_op.drop_index("ix_schedule_executions_history")
        batch_op.drop_index(batch_op.f("ix_schedule_executions_created_at"))

    op.drop_table("schedule_executions")
