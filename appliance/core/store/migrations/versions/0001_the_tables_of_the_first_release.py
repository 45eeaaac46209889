"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cloudstack_job_tracking",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("cloudstack_job_id", sa.String(length=255), nullable=False),
        sa.Column("cloudstack_command", sa.String(length=255), nullable=False),
        sa.Column("cloudstack_status", sa.String(length=255), nullable=False),
        sa.Column("operation_type", sa.String(length=255), nullable=False),
        sa.Column("correlation_id", sa.String(length=255), nullable=False),
        sa.Column("parent_job_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloudstack_job_tracking")),
        sa.UniqueConstraint("cloudstack_job_id", name=op.f("uq_cloudstack_job_tracking_cloudstack_job_id")),
    )
    with op.batch_alter_table("cloudstack_job_tracking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cloudstack_job_tracking_parent_job_id"), ["parent_job_id"], unique=False)

    op.create_table(
        "job_id_correlations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("external_job_id", sa.String(length=255), nullable=False),
        sa.Column("internal_job_id", sa.String(length=255), nullable=False),
        sa.Column("job_type", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=True),
        sa.Column("correlation_metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_id_correlations")),
        sa.UniqueConstraint("external_job_id", name=op.f("uq_job_id_correlations_external_job_id")),
    )
    with op.batch_alter_table("job_id_correlations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_id_correlations_internal_job_id"), ["internal_job_id"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=True),
        sa.Column("peer_id", sa.String(length=255), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("progress_percent", sa.Double(), nullable=False),
        sa.Column("current_operation", sa.Text(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "ossea_configs",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("api_url", sa.String(length=255), nullable=False),
        sa.Column("api_key", sa.String(length=255), nullable=False),
        sa.Column("secret_key", sa.Text(), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("template_id", sa.String(length=255), nullable=False),
        sa.Column("network_id", sa.String(length=255), nullable=False),
        sa.Column("service_offering_id", sa.String(length=255), nullable=False),
        sa.Column("disk_offering_id", sa.String(length=255), nullable=False),
        sa.Column("oma_vm_id", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ossea_configs")),
        sa.UniqueConstraint("name", name=op.f("uq_ossea_configs_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ossea_configs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_ossea_configs_active",
            ["is_active"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )

    op.create_table(
        "ossea_volumes",
        sa.Column("volume_id", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.Column("disk_id", sa.String(length=255), nullable=False),
        sa.Column("volume_name", sa.String(length=255), nullable=False),
        sa.Column("size_gb", sa.Integer(), nullable=False),
        sa.Column("volume_mode", sa.String(length=255), nullable=False),
        sa.Column("snapshot_id", sa.String(length=255), nullable=True),
        sa.Column("snapshot_status", sa.String(length=255), nullable=True),
        sa.Column("snapshot_point", sa.JSON(), nullable=True),
        sa.Column("created_by_job", sa.String(length=255), nullable=False),
        sa.Column("ossea_config_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("volume_id", name=op.f("pk_ossea_volumes")),
    )
    with op.batch_alter_table("ossea_volumes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ossea_volumes_created_by_job"), ["created_by_job"], unique=False)
        batch_op.create_index(batch_op.f("ix_ossea_volumes_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "pairing_codes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing_codes")),
    )
    op.create_table(
        "peers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("ssh_public_key", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("paired_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peers")),
    )
    op.create_table(
        "vm_replication_contexts",
        sa.Column("context_id", sa.String(length=255), nullable=False),
        sa.Column("peer_id", sa.String(length=255), nullable=False),
        sa.Column("vm_name", sa.String(length=255), nullable=False),
        sa.Column("vmware_vm_id", sa.String(length=255), nullable=False),
        sa.Column("vm_path", sa.Text(), nullable=False),
        sa.Column("vcenter_host", sa.String(length=255), nullable=False),
        sa.Column("datacenter", sa.String(length=255), nullable=False),
        sa.Column("current_status", sa.String(length=255), nullable=False),
        sa.Column("current_job_id", sa.String(length=255), nullable=True),
        sa.Column("last_successful_job_id", sa.String(length=255), nullable=True),
        sa.Column("last_operation_summary", sa.JSON(), nullable=True),
        sa.Column("consistent_point", sa.JSON(), nullable=True),
        sa.Column("torn_since", sa.DateTime(), nullable=True),
        sa.Column("diverged_since", sa.DateTime(), nullable=True),
        sa.Column("ossea_config_id", sa.Integer(), nullable=True),
        sa.Column("credential_id", sa.Integer(), nullable=True),
        sa.Column("specification", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("context_id", name=op.f("pk_vm_replication_contexts")),
        sa.UniqueConstraint(
            "peer_id", "vcenter_host", "vmware_vm_id", name=op.f("uq_vm_replication_contexts_peer_id_vcenter_host_vmware_vm_id")
        ),
    )
    with op.batch_alter_table("vm_replication_contexts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vm_replication_contexts_current_status"), ["current_status"], unique=False)
        batch_op.create_index(batch_op.f("ix_vm_replication_contexts_peer_id"), ["peer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_vm_replication_contexts_vm_name"), ["vm_name"], unique=False)

    op.create_table(
        "vmware_credentials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("peer_id", sa.String(length=255), nullable=False),
        sa.Column("vcenter_host", sa.String(length=255), nullable=False),
        sa.Column("vcenter_port", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=False),
        sa.Column("datacenter", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("last_used", sa.DateTime(), nullable=True),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vmware_credentials")),
        sa.UniqueConstraint("name", name=op.f("uq_vmware_credentials_name")),
    )
    with op.batch_alter_table("vmware_credentials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vmware_credentials_peer_id"), ["peer_id"], unique=False)

    op.create_table(
        "volume_operations",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("volume_id", sa.String(length=255), nullable=False),
        sa.Column("vm_id", sa.String(length=255), nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_operations")),
    )
    with op.batch_alter_table("volume_operations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_volume_operations_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_volume_operations_volume_id"), ["volume_id"], unique=False)

    op.create_table(
        "device_mappings",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("volume_id", sa.String(length=255), nullable=False),
        sa.Column("vm_id", sa.String(length=255), nullable=True),
        sa.Column("device_path", sa.String(length=255), nullable=True),
        sa.Column("persistent_device_name", sa.String(length=255), nullable=False),
        sa.Column("symlink_path", sa.String(length=255), nullable=False),
        sa.Column("cloudstack_state", sa.String(length=255), nullable=False),
        sa.Column("linux_state", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("last_sync", sa.DateTime(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["volume_id"], ["ossea_volumes.volume_id"], name=op.f("fk_device_mappings_volume_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_mappings")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_device_mappings_volume_id")),
    )
    op.create_table(
        "failover_jobs",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.Column("failover_job_id", sa.String(length=255), nullable=True),
        sa.Column("replication_job_id", sa.String(length=255), nullable=True),
        sa.Column("vm_id", sa.String(length=255), nullable=False),
        sa.Column("job_type", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("destination_vm_id", sa.String(length=255), nullable=True),
        sa.Column("network_mappings", sa.JSON(), nullable=False),
        sa.Column("ossea_config_id", sa.Integer(), nullable=True),
        sa.Column("source_before", sa.JSON(), nullable=True),
        sa.Column("preparation", sa.JSON(), nullable=True),
        sa.Column("guest_started_at", sa.DateTime(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["jobs.id"], name=op.f("fk_failover_jobs_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["vm_context_id"], ["vm_replication_contexts.context_id"], name=op.f("fk_failover_jobs_vm_context_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failover_jobs")),
    )
    with op.batch_alter_table("failover_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failover_jobs_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_failover_jobs_failover_job_id"), ["failover_job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_failover_jobs_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "job_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_steps_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_steps")),
        sa.UniqueConstraint("job_id", "name", name=op.f("uq_job_steps_job_id_name")),
    )
    with op.batch_alter_table("job_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_steps_job_id"), ["job_id"], unique=False)

    op.create_table(
        "log_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=255), nullable=False),
        sa.Column("step", sa.String(length=255), nullable=False),
        sa.Column("level", sa.String(length=255), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_log_events_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_events")),
    )
    with op.batch_alter_table("log_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_log_events_job_id"), ["job_id"], unique=False)

    op.create_table(
        "nbd_exports",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("volume_id", sa.String(length=255), nullable=False),
        sa.Column("export_name", sa.String(length=255), nullable=False),
        sa.Column("device_path", sa.String(length=255), nullable=True),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["volume_id"], ["ossea_volumes.volume_id"], name=op.f("fk_nbd_exports_volume_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nbd_exports")),
        sa.UniqueConstraint("export_name", name=op.f("uq_nbd_exports_export_name")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_nbd_exports_volume_id")),
    )
    op.create_table(
        "network_mappings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.Column("source_network", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("target_network_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["vm_context_id"], ["vm_replication_contexts.context_id"], name=op.f("fk_network_mappings_vm_context_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_mappings")),
        sa.UniqueConstraint("vm_context_id", "source_network", "kind", name=op.f("uq_network_mappings_vm_context_id_source_network_kind")),
    )
    with op.batch_alter_table("network_mappings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_mappings_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "replication_jobs",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("vm_context_id", sa.String(length=255), nullable=False),
        sa.Column("peer_id", sa.String(length=255), nullable=False),
        sa.Column("source_vm_id", sa.String(length=255), nullable=False),
        sa.Column("source_vm_name", sa.Text(), nullable=False),
        sa.Column("source_vm_path", sa.Text(), nullable=False),
        sa.Column("vcenter_host", sa.String(length=255), nullable=False),
        sa.Column("datacenter", sa.String(length=255), nullable=False),
        sa.Column("replication_type", sa.String(length=255), nullable=False),
        sa.Column("target_network", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("progress_percent", sa.Double(), nullable=False),
        sa.Column("current_operation", sa.Text(), nullable=False),
        sa.Column("bytes_transferred", sa.BigInteger(), nullable=False),
        sa.Column("bytes_skipped", sa.BigInteger(), nullable=False),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("transfer_speed_bps", sa.BigInteger(), nullable=False),
        sa.Column("vma_sync_type", sa.String(length=255), nullable=True),
        sa.Column("vma_eta_seconds", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("change_id", sa.String(length=255), nullable=True),
        sa.Column("previous_change_id", sa.String(length=255), nullable=True),
        sa.Column("snapshot_id", sa.String(length=255), nullable=True),
        sa.Column("nbd_port", sa.Integer(), nullable=True),
        sa.Column("nbd_export_name", sa.String(length=255), nullable=True),
        sa.Column("target_device", sa.String(length=255), nullable=True),
        sa.Column("ossea_config_id", sa.Integer(), nullable=False),
        sa.Column("specification", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("completed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["ossea_config_id"], ["ossea_configs.id"], name=op.f("fk_replication_jobs_ossea_config_id")),
        sa.ForeignKeyConstraint(
            ["vm_context_id"], ["vm_replication_contexts.context_id"], name=op.f("fk_replication_jobs_vm_context_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replication_jobs")),
    )
    with op.batch_alter_table("replication_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replication_jobs_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_replication_jobs_vm_context_id"), ["vm_context_id"], unique=False)

    op.create_table(
        "tunnel_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("peer_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["peer_id"], ["peers.id"], name=op.f("fk_tunnel_events_peer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tunnel_events")),
    )
    with op.batch_alter_table("tunnel_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tunnel_events_peer_id"), ["peer_id"], unique=False)

    op.create_table(
        "vm_disks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=255), nullable=False),
        sa.Column("disk_id", sa.String(length=255), nullable=False),
        sa.Column("vmdk_path", sa.Text(), nullable=False),
        sa.Column("size_gb", sa.Integer(), nullable=False),
        sa.Column("datastore", sa.String(length=255), nullable=False),
        sa.Column("unit_number", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("capacity_bytes", sa.BigInteger(), nullable=False),
        sa.Column("provisioning_type", sa.String(length=255), nullable=False),
        sa.Column("ossea_volume_id", sa.String(length=255), nullable=True),
        sa.Column("disk_change_id", sa.String(length=255), nullable=True),
        sa.Column("sync_type", sa.String(length=255), nullable=False),
        sa.Column("sync_status", sa.String(length=255), nullable=False),
        sa.Column("sync_progress_percent", sa.Double(), nullable=False),
        sa.Column("bytes_synced", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("bytes_zeroed", sa.BigInteger(), nullable=False),
        sa.Column("bytes_skipped", sa.BigInteger(), nullable=False),
        sa.Column("rate_bps", sa.Double(), nullable=False),
        sa.Column("eta_seconds", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["replication_jobs.id"], name=op.f("fk_vm_disks_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["ossea_volume_id"], ["ossea_volumes.volume_id"], name=op.f("fk_vm_disks_ossea_volume_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vm_disks")),
        sa.UniqueConstraint("job_id", "disk_id", name=op.f("uq_vm_disks_job_id_disk_id")),
    )
    with op.batch_alter_table("vm_disks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_vm_disks_job_id"), ["job_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("vm_disks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vm_disks_job_id"))

    op.drop_table("vm_disks")
    with op.batch_alter_table("tunnel_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tunnel_events_peer_id"))

    op.drop_table("tunnel_events")
    with op.batch_alter_table("replication_jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_replication_jobs_vm_context_id"))
        batch_op.drop_index(batch_op.f("ix_replication_jobs_status"))

    op.drop_table("replication_jobs")
    with op.batch_alter_table("network_mappings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_mappings_vm_context_id"))

    op.drop_table("network_mappings")
    op.drop_table("nbd_exports")
    with op.batch_alter_table("log_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_log_events_job_id"))

    op.drop_table("log_events")
    with op.batch_alter_table("job_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_steps_job_id"))

    op.drop_table("job_steps")
    with op.batch_alter_table("failover_jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failover_jobs_vm_context_id"))
        batch_op.drop_index(batch_op.f("ix_failover_jobs_failover_job_id"))
        batch_op.drop_index(batch_op.f("ix_failover_jobs_created_at"))

    op.drop_table("failover_jobs")
    op.drop_table("device_mappings")
    with op.batch_alter_table("volume_operations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_volume_operations_volume_id"))
        batch_op.drop_index(batch_op.f("ix_volume_operations_status"))

    op.drop_table("volume_operations")
    with op.batch_alter_table("vmware_credentials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vmware_credentials_peer_id"))

    op.drop_table("vmware_credentials")
    with op.batch_alter_table("vm_replication_contexts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vm_replication_contexts_vm_name"))
        batch_op.drop_index(batch_op.f("ix_vm_replication_contexts_peer_id"))
        batch_op.drop_index(batch_op.f("ix_vm_replication_contexts_current_status"))

    op.drop_table("vm_replication_contexts")
    op.drop_table("peers")
    op.drop_table("pairing_codes")
    with op.batch_alter_table("ossea_volumes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ossea_volumes_vm_context_id"))
        batch_op.drop_index(batch_op.f("ix_ossea_volumes_created_by_job"))

    op.drop_table("ossea_volumes")
    with op.batch_alter_table("ossea_configs", schema=None) as batch_op:
        batch_op.drop_index("uq_ossea_configs_active", sqlite_where=sa.text("is_active = 1"), postgresql_where=sa.text("is_active"))

    op.drop_table("ossea_configs")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_vm_context_id"))
        batch_op.drop_index(batch_op.f("ix_jobs_status"))
        batch_op.drop_index(batch_op.f("ix_jobs_kind"))
        batch_op.drop_index(batch_op.f("ix_jobs_created_at"))

    op.drop_table("jobs")
    with op.batch_alter_table("job_id_correlations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_id_correlations_internal_job_id"))

    op.drop_table("job_id_correlations")
    with op.batch_alter_table("cloudstack_job_tracking", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cloudstack_job_tracking_parent_job_id"))

    op.drop_table("cloudstack_job_tracking")
