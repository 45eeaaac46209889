"""The address of a CloudStack API, from what an operator types (pure)."""

from __future__ import annotations

from urllib.parse import urlsplit

from appliance.cloudstack.faults import CONFIG_ADDRESS

API_PATH = "/client/api"
_TLS_PORTS = (443, 8443)


def api_url(typed: str) -> str:
    """The whole address for `host`, `host:port` or a URL; `/client/api` is added where no path is given.

    Without a scheme, ports 443 and 8443 mean https, any other http. Raises a Fault that names what was typed.
    """
    words = typed.strip().rstrip("/")
    try:
        parts = urlsplit(words if "://" in words else f"//{words}")
        port = parts.port
    except ValueError as error:
        raise CONFIG_ADDRESS(cause=str(error), address=typed) from error
    usable = parts.hostname and not parts.username and not parts.query and not parts.fragment and " " not in words
    if not usable or parts.scheme not in ("", "http", "https"):
        raise CONFIG_ADDRESS(address=typed)
    scheme = parts.scheme or ("https" if port in _TLS_PORTS else "http")
    path = API_PATH if parts.path in ("", "/", "/client") else parts.path
    return f"{scheme}://{parts.netloc}{path}"
