"""The SOAP stub below a session: which API version to speak, and vCenter's errors turned into ours."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from pyVmomi import SoapStubAdapter, VmomiSupport, vim, vmodl

from appliance.vsphere.faults import LOGIN_REFUSED, NO_RIGHT, NOT_A_VCENTER, OBJECT_GONE, REFUSED, TIMED_OUT, UNREACHABLE

# Idle connections are dropped before a server or a firewall does it; a dead one would fail a call that may not be repeated.
IDLE_LIMIT = 30


def new_stub(host: str, port: int, context: ssl.SSLContext, timeout: float) -> Any:
    """A stub for the newest API version that both sides know. `timeout` in seconds for each answer.

    Raises NOT_A_VCENTER. The version document is described in the vSphere Web Services SDK programming guide.
    """
    return SoapStubAdapter(
        host=host,
        port=port,
        version=_common_version(host, port, context, timeout),
        sslContext=context,
        httpConnectionTimeout=timeout,
        connectionPoolTimeout=IDLE_LIMIT,
    )


def content_of(stub: Any) -> Any:
    """The service's root object."""
    return vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()


def _common_version(host: str, port: int, context: ssl.SSLContext, timeout: float) -> str:
    connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
    try:
        connection.request("GET", "/sdk/vimServiceVersions.xml")
        document = ElementTree.fromstring(connection.getresponse().read(1 << 20))
    except (ElementTree.ParseError, http.client.HTTPException) as error:
        raise NOT_A_VCENTER(host=host, cause=f"/sdk/vimServiceVersions.xml: {error}") from error
    finally:
        connection.close()
    offered = {element.text for element in document.iter("version")}
    known = [version for version, namespace in VmomiSupport.serviceNsMap.items() if namespace == "vim25"]
    common = [version for version in known if VmomiSupport.versionIdMap.get(version) in offered]
    if not common:
        raise NOT_A_VCENTER(host=host, cause=f"no common API version among {sorted(str(one) for one in offered)}")
    return str(max(common, key=lambda version: len(VmomiSupport.parentMap[version])))


@contextmanager
def translated(host: str, port: int, action: str) -> Iterator[None]:
    """Turn what pyVmomi and the network raise into faults; `action` completes "vCenter refused or failed to …"."""
    try:
        yield
    except vim.fault.InvalidLogin as error:
        raise LOGIN_REFUSED(host=host, cause=said(error)) from error
    except vim.fault.NoPermission as error:
        raise NO_RIGHT(cause=f"{action}: {said(error)} {getattr(error, 'privilegeId', '')}") from error
    except vmodl.fault.ManagedObjectNotFound as error:
        raise OBJECT_GONE(cause=f"{action}: {said(error)}") from error
    except vmodl.MethodFault as error:
        raise REFUSED(action=action, cause=said(error)) from error
    except ExpatError as error:
        raise NOT_A_VCENTER(host=host, cause=f"{action}: {error}") from error
    except TimeoutError as error:
        raise TIMED_OUT(host=host, cause=f"{action}: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise UNREACHABLE(host=host, port=port, cause=f"{action}: {type(error).__name__}: {error}") from error


def said(error: Any) -> str:
    """A vSphere fault in one line: its type and the server's words."""
    details = [str(getattr(message, "message", "") or "") for message in getattr(error, "faultMessage", None) or []]
    words = [str(getattr(error, "msg", "") or ""), *details]
    return f"{type(error).__name__.rpartition('.')[2]}: {' '.join(word for word in words if word)}".strip()
