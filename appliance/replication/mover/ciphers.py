"""Keeps TLS to AES-GCM: with a pre-shared key GnuTLS would otherwise choose a cipher that is eight times slower."""

from __future__ import annotations

import os

from appliance.tunnel.ciphers import PRIORITY_VARIABLE, render_priority_file


def keep_to_aes_gcm() -> None:
    """Names the policy to GnuTLS, which reads it when it is loaded: call this before libnbd is imported.

    The file lives in memory and ends with the process.
    """
    handle = os.memfd_create("ciphers")
    os.write(handle, render_priority_file().encode())
    os.environ[PRIORITY_VARIABLE] = f"/proc/self/fd/{handle}"
