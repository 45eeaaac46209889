"""Imports every package's tables, for those who need all of them known."""

from appliance.agent.tokens import models as tokens
from appliance.cloudstack import models as cloudstack
from appliance.contexts import models as contexts
from appliance.core import audit, settings
from appliance.core.jobs import models as jobs
from appliance.core.store import Base
from appliance.failover import models as failover
from appliance.replication import models as replication
from appliance.replication.verify import models as verification
from appliance.schedules import models as schedules
from appliance.tunnel import models as tunnel
from appliance.volumes import models as volumes
from appliance.vsphere import credentials

MODULES = (
    jobs,
    audit,
    settings,
    tokens,
    tunnel,
    credentials,
    cloudstack,
    volumes,
    contexts,
    replication,
    verification,
    failover,
    schedules,
)
METADATA = Base.metadata
