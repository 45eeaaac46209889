"""What an OMA does as its settings say, now and after each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from appliance.contract.options import (
    FAILOVER_OLD_COPY,
    FAILOVER_PREPARATION,
    FAILOVER_TEST_NETWORK,
    HEALTH_LOOK,
    HEALTH_SILENT,
    HEALTH_STUCK,
    SCHEDULE_DAYS,
    SCHEDULE_STARTS,
    VERIFY_MOST,
    VERIFY_SAMPLE,
    VERIFY_SHARE,
    VOLUME_SLOTS,
    Option,
)
from appliance.core.options import Options
from appliance.replication.verify.limits import VerifyLimits

if TYPE_CHECKING:
    from appliance.agent.oma import Oma


def follow(oma: Oma, options: Options) -> None:
    """Keep to the settings. What is read where it is used needs no line here."""

    def schedules() -> None:
        oma.scheduler.kept, oma.scheduler.at_once = timedelta(days=options[SCHEDULE_DAYS]), options[SCHEDULE_STARTS]

    def slots() -> None:
        oma.volumes.set_slot_limit(options[VOLUME_SLOTS] or oma.config.storage.slot_limit)

    def failovers() -> None:
        oma.failover.test_network_id = options[FAILOVER_TEST_NETWORK] or oma.config.failover.test_network_id
        oma.failover.old_copy = timedelta(hours=options[FAILOVER_OLD_COPY])
        oma.failover.preparer = replace(oma.failover.preparer, seconds=60.0 * options[FAILOVER_PREPARATION])

    def verification() -> None:
        share, most = options[VERIFY_SHARE] / 100, options[VERIFY_MOST] << 20
        oma.verify_limits = VerifyLimits(sample_after_cycle=options[VERIFY_SAMPLE], share=share, most_bytes=most)

    def health() -> None:
        look, silent, stuck = options[HEALTH_LOOK], options[HEALTH_SILENT], options[HEALTH_STUCK] * 60
        oma.monitor.heed(replace(oma.monitor.limits, interval=look, silent=silent, stuck=stuck))

    together: dict[Callable[[], None], tuple[Option[Any], ...]] = {
        schedules: (SCHEDULE_DAYS, SCHEDULE_STARTS),
        slots: (VOLUME_SLOTS,),
        failovers: (FAILOVER_TEST_NETWORK, FAILOVER_OLD_COPY, FAILOVER_PREPARATION),
        verification: (VERIFY_SAMPLE, VERIFY_SHARE, VERIFY_MOST),
        health: (HEALTH_LOOK, HEALTH_SILENT, HEALTH_STUCK),
    }
    for act, watched in together.items():
        for option in watched:
            options.watch(option, act)
