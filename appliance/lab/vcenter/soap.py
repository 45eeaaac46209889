"""The SOAP envelope: requests read and answers written with pyVmomi's own type registry.

Namespaces follow vCenter: everything of the API, core types included, lives in ``urn:vim25``.
"""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

from pyVmomi import SoapAdapter, VmomiSupport, vim, vmodl

NAMESPACE = "urn:vim25"
NEWEST = "vim.version.v8_0_2_0"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_PREFIXES = {**SoapAdapter.SOAP_NSMAP, NAMESPACE: ""}
_HEAD = SoapAdapter.XML_HEADER + "\n" + SoapAdapter.SOAP_START
_FETCHED = {"type": "string", "ManagedMethod": "string", "PropertyPath": "string"}


class Malformed(Exception):
    """The body is not a SOAP request of this API."""


@dataclass
class Request:
    """One call: the method's name on the wire, its object, its arguments by name."""

    method: str
    this: Any
    arguments: dict[str, Any]
    version: str
    info: Any
    cookies: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Collects ``<Method><_this/><argument/>…`` from an envelope; every argument is read by pyVmomi's deserialiser."""

    def __init__(self) -> None:
        self.parser = ParserCreate(namespace_separator=SoapAdapter.NS_SEP)
        self.parser.buffer_text = True
        self.depth: list[str] = []
        self.method = ""
        self.info: Any = None
        self.read: list[tuple[str, Any]] = []
        self.namespaces = SoapAdapter.ExpatDeserializerNSHandlers()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartNamespaceDeclHandler = self.namespaces.StartNamespaceDeclHandler
        self.parser.EndNamespaceDeclHandler = self.namespaces.EndNamespaceDeclHandler

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Recognise the method under the body, and hand each of its children to a deserialiser."""
        _, _, name = tag.rpartition(" ")
        if len(self.depth) == 2 and self.depth[1] == f"{_ENVELOPE} Body":
            self.method = name
            self.info = None if name == "Fetch" else _method(name)
        if len(self.depth) == 3 and self.method and self.depth[1] == f"{_ENVELOPE} Body":
            self._argument(name, tag, attributes)
            return
        self.depth.append(tag)

    def end(self, _tag: str) -> None:
        """Leave an element that is not an argument."""
        self.depth.pop()

    def _argument(self, name: str, tag: str, attributes: dict[str, str]) -> None:
        kind = self._kind(name)
        deserialiser = SoapAdapter.SoapDeserializer()
        self.read.append((name, deserialiser))
        deserialiser.Deserialize(self.parser, kind, False, self.namespaces.nsMap)
        deserialiser.StartElementHandler(tag, attributes)

    def _kind(self, name: str) -> Any:
        if name == "_this":
            return VmomiSupport.ManagedObject
        if self.info is None:
            return str
        for parameter in self.info.params:
            if parameter.name == name:
                return parameter.type.Item if issubclass(parameter.type, list) else parameter.type
        raise Malformed(f"{self.method} has no parameter {name}")

    def arguments(self) -> dict[str, Any]:
        """The arguments by name; those that repeat become lists."""
        values: dict[str, Any] = {}
        lists = {p.name for p in self.info.params if issubclass(p.type, list)} if self.info else set()
        for name, deserialiser in self.read:
            if name in lists:
                values.setdefault(name, []).append(deserialiser.GetResult())
            else:
                values[name] = deserialiser.GetResult()
        return values


def parse(body: bytes, action: str) -> Request:
    """The call in an envelope; raises Malformed. ``action`` is the SOAPAction header, which names the client's API version."""
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (ExpatError, KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise Malformed(str(wrong)) from wrong
    arguments = reader.arguments()
    this = arguments.pop("_this", None)
    if not reader.method or this is None:
        raise Malformed("there is no method call in the body")
    info = reader.info or _fetch(type(this), arguments.get("prop", ""))
    return Request(reader.method, this, arguments, _version(action), info)


def answer(request: Request, value: Any) -> bytes:
    """The envelope that carries a method's result."""
    info = request.info
    result = VmomiSupport.Object(name="returnval", type=info.result, version=info.version, flags=VmomiSupport.F_OPTIONAL)
    return "".join(
        [
            _HEAD,
            f'<{request.method}Response xmlns="{NAMESPACE}">',
            written(value, result, request.version),
            f"</{request.method}Response>",
            SoapAdapter.SOAP_END,
        ]
    ).encode()


def refusal(fault: Any, version: str = NEWEST) -> bytes:
    """The envelope of a SOAP fault, as vCenter words it (HTTP status 500)."""
    name = VmomiSupport.GetWsdlName(type(fault))
    bare = copy.copy(fault)
    bare.msg = None
    out = io.StringIO()
    info = VmomiSupport.Object(name=f"{name}Fault", type=object, version=fault._version, flags=0)
    _writer(out, version)._SerializeDataObject(bare, info, f' xmlns="{NAMESPACE}"', NAMESPACE)
    text = escape(fault.msg or name)
    return "".join(
        [
            _HEAD,
            f"<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>{text}</faultstring>",
            f"<detail>{out.getvalue()}</detail></soapenv:Fault>",
            SoapAdapter.SOAP_END,
        ]
    ).encode()


def written(value: Any, info: Any, version: str) -> str:
    """One value as XML under the default namespace of the API."""
    out = io.StringIO()
    _writer(out, version).Serialize(value, info)
    return out.getvalue()


class _Writer(SoapAdapter.SoapSerializer):  # type: ignore[misc]
    """pyVmomi's serialiser, which leaves out what is not set and names references as vCenter does."""

    def _Serialize(self, val: Any, info: Any, defNS: str) -> None:
        if val is not None and not (isinstance(val, list) and not val and info.type is not object):
            super()._Serialize(val, info, defNS)

    def _SerializeDataObject(self, val: Any, info: Any, attr: str, currDefNS: str) -> None:
        if isinstance(val, vmodl.DynamicProperty) and isinstance(val.val, _LASTING) and currDefNS == NAMESPACE:
            self.writer.write(f"<{info.name}{attr}><name>{val.name}</name>{_remembered(val.val, self.version)}</{info.name}>")
        else:
            super()._SerializeDataObject(val, info, attr, currDefNS)

    def _QName(self, typ: Any, defNS: str) -> tuple[str, str]:
        if typ is VmomiSupport.ManagedObject:
            return "", "ManagedObjectReference"
        attribute, name = super()._QName(typ, defNS)
        return attribute, name


_ANY = VmomiSupport.Object(name="val", type=object, version="vmodl.version.version0", flags=VmomiSupport.F_OPTIONAL)
_DEVICES = VmomiSupport.GetVmodlType("vim.vm.device.VirtualDevice[]")
_LASTING = (_DEVICES, vim.vm.ConfigInfo, vim.vm.GuestInfo, vim.vm.Summary, vim.vm.RuntimeInfo, vim.vm.FileLayoutEx)
_texts: dict[tuple[int, str], tuple[Any, str]] = {}


def _remembered(value: Any, version: str) -> str:
    """What a VM's properties look like as XML: the inventory gives out the same object until the VM changes."""
    known, text = _texts.get((id(value), version), (None, ""))
    if known is not value:
        if len(_texts) > 50_000:
            _texts.clear()
        text = written(value, _ANY, version)
        _texts[(id(value), version)] = (value, text)
    return text


def _writer(out: io.StringIO, version: str) -> Any:
    writer = _Writer(out, version, _PREFIXES)
    writer.outermostAttrs = ""
    return writer


def _method(name: str) -> Any:
    try:
        return VmomiSupport.GetWsdlMethod(NAMESPACE, name).info
    except KeyError as unknown:
        raise Malformed(f"unknown method {name}") from unknown


def _fetch(kind: Any, name: str) -> Any:
    """``Fetch`` reads one property; pyVmomi's lazy attributes use it, and no WSDL names it."""
    try:
        info = kind._GetPropertyInfo(name)
    except AttributeError as unknown:
        raise Malformed(f"{kind.__name__} has no property {name}") from unknown
    legacy = _FETCHED.get(info.type.__name__)
    result = VmomiSupport.GetVmodlType(legacy) if legacy else info.type
    return VmomiSupport.Object(name="Fetch", result=result, version=info.version, params=())


def _version(action: str) -> str:
    named = action.strip().strip('"').removeprefix("urn:")
    version = VmomiSupport.versionMap.get(named, NEWEST)
    return NEWEST if VmomiSupport.IsChildVersion(version, NEWEST) else str(version)


def service_versions() -> bytes:
    """``/sdk/vimServiceVersions.xml``: the version this vCenter speaks and those before it."""
    ids = [VmomiSupport.versionIdMap[v] for v in VmomiSupport.GetServiceVersions("vim25") if v.startswith("vim.")]
    newest = VmomiSupport.versionIdMap[NEWEST]
    priors = "".join(f"<version>{one}</version>" for one in ids[ids.index(newest) + 1 :])
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<namespaces version="1.0"><namespace><name>{NAMESPACE}</name>'
        f"<version>{newest}</version><priorVersions>{priors}</priorVersions></namespace></namespaces>"
    ).encode()


def service_wsdl() -> bytes:
    """``/sdk/vimService.wsdl``: enough for clients that only look which namespace is spoken."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" '
        f'targetNamespace="{NAMESPACE}Service"><import location="vim.wsdl" namespace="{NAMESPACE}"/></definitions>'
    ).encode()


__all__ = ["NEWEST", "Malformed", "Request", "answer", "parse", "refusal", "service_versions", "service_wsdl", "vim", "vmodl", "written"]
