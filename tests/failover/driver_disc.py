"""Discs as the virtio-win project makes them, small."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from pycdlib import PyCdlib

FILES = ("viostor/2k19/amd64/viostor.inf", "viostor/w10/amd64/viostor.inf", "NetKVM/2k19/amd64/netkvm.inf", "viostor/xp/x86/viostor.inf")


def disc(files: Sequence[str] = FILES, label: str = "virtio-win-0.1", *, joliet: bool = True) -> bytes:
    """An ISO file with these files, by their Joliet or their Rock Ridge names."""
    iso = PyCdlib()
    if joliet:
        iso.new(interchange_level=4, vol_ident=label, joliet=3)
    else:
        iso.new(interchange_level=4, vol_ident=label, rock_ridge="1.09")
    made = set[str]()
    for path in files:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folder = "/" + "/".join(parts[:depth])
            if folder not in made:
                made.add(folder)
                iso.add_directory(folder.upper(), **({"joliet_path": folder} if joliet else {"rr_name": parts[depth - 1]}))
        content = path.encode() * 100
        names = {"joliet_path": f"/{path}"} if joliet else {"rr_name": parts[-1]}
        iso.add_fp(BytesIO(content), len(content), f"/{path}".upper() + ";1", **names)
    written = BytesIO()
    iso.write_fp(written)
    iso.close()
    return written.getvalue()
