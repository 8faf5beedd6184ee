"""What cloud-init itself makes of documents: one JSON list on stdin, one on stdout.

Each document goes the way that it goes in a guest: read from a config drive's folder, converted, validated against
cloud-init's own schema where it has one, and rendered with every renderer. netplan's library then parses what was
written for netplan. The NICs are those of the document, as far as it names any.
"""
import ctypes
import ctypes.util
import functools
import json
import logging
import os
import re
import sys
import tempfile

import cloudinit.distros  # before cloudinit.net: newer versions import in circles otherwise
from cloudinit import net, util, version
from cloudinit.config import schema
from cloudinit.net import eni, netplan, network_manager, networkd, sysconfig
from cloudinit.net.network_state import NetworkStateInterpreter, parse_net_config_data
from cloudinit.sources.helpers import openstack

# Ethernet's six bytes, or InfiniBand's twenty.
MAC = re.compile(r"([0-9a-f]{2}:){5}(([0-9a-f]{2}:){14})?[0-9a-f]{2}")
logging.disable(logging.CRITICAL)
# The machine that runs the test is not a guest: nothing here may look at it.
util.udevadm_settle = lambda *args, **kwargs: None
util.chownbyname = lambda *args, **kwargs: None
# Slow, and only for the log.
NetworkStateInterpreter.dump_network_state = lambda self: ""
net.get_interfaces_by_mac = lambda *args, **kwargs: {}
net.get_ib_hwaddrs_by_interface = lambda *args, **kwargs: {}
netplan.Renderer._netplan_generate = lambda *args, **kwargs: None
netplan.Renderer._net_setup_link = lambda *args, **kwargs: None
netplan.Renderer.features = ()
# Newer versions write through netplan's own library, to the machine's own folder.
netplan.netplan_api_write_yaml_file = lambda *args, **kwargs: False

# Read and parsed for each validation otherwise.
schema.get_schema = functools.lru_cache(maxsize=None)(schema.get_schema)
schema.get_jsonschema_validator = functools.lru_cache(maxsize=None)(schema.get_jsonschema_validator)

# In memory, if there is such a folder: thousands of small files.
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None
SYSCONFIG = {
    "control": "etc/sysconfig/network",
    "iface_templates": "%(base)s/network-scripts/ifcfg-%(name)s",
    "route_templates": {
        "ipv4": "%(base)s/network-scripts/route-%(name)s",
        "ipv6": "%(base)s/network-scripts/route6-%(name)s",
    },
}
RENDERERS = {
    "netplan": lambda: netplan.Renderer({"netplan_path": "etc/netplan/guest.yaml", "postcmds": False}),
    "networkd": lambda: networkd.Renderer({}),
    "network-manager": lambda: network_manager.Renderer({}),
    "sysconfig": lambda: sysconfig.Renderer(SYSCONFIG),
    "eni": lambda: eni.Renderer({}),
}


def library():
    for name in ("libnetplan.so.1", "libnetplan.so.0.0"):
        try:
            lib = ctypes.CDLL(name)
        except OSError:
            continue
        for function in ("netplan_parser_new", "netplan_state_new"):
            getattr(lib, function).restype = ctypes.c_void_p
        return lib
    return None


LIBNETPLAN = library()
results = {}


def netplan_refuses(path):
    """Whether netplan's parser, or its validation of the whole, refuses the file. Its warnings go nowhere."""
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        return refuses(path)
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


def refuses(path):
    lib, error = LIBNETPLAN, ctypes.c_void_p()
    parser, state = ctypes.c_void_p(lib.netplan_parser_new()), ctypes.c_void_p(lib.netplan_state_new())
    accepted = lib.netplan_parser_load_yaml(parser, path.encode(), ctypes.byref(error)) and (
        lib.netplan_state_import_parser_results(state, parser, ctypes.byref(error))
    )
    lib.netplan_parser_clear(ctypes.byref(parser))
    lib.netplan_state_clear(ctypes.byref(state))
    return not accepted


def nics(document):
    links = document.get("links") if isinstance(document, dict) else None
    links = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    macs = [str(link.get("ethernet_mac_address")).lower() for link in links if link.get("type") not in ("bond", "vlan")]
    return {mac: "eth%d" % index for index, mac in enumerate(dict.fromkeys(filter(MAC.fullmatch, macs)))}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o600)


def error_text(error):
    return "%s: %s" % (type(error).__name__, str(error)[:200])


def is_degraded(config):
    """Whether cloud-init's schema rejects its own configuration; None where it has no such schema."""
    kind = getattr(getattr(schema, "SchemaType", None), "NETWORK_CONFIG_V1", None)
    if kind is None:
        return None
    try:
        schema.validate_cloudconfig_schema(config, schema_type=kind, strict=True)
    except schema.SchemaValidationError:
        return True
    return False


def files_below(folder):
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path) as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def rendered(name, config, folder):
    os.makedirs(folder)
    try:
        RENDERERS[name]().render_network_state(parse_net_config_data(config), target=folder)
    except Exception as error:
        return {"error": error_text(error)}
    result = {"files": files_below(folder)}
    path = os.path.join(folder, "etc/netplan/guest.yaml")
    if name == "netplan" and LIBNETPLAN:
        os.chmod(path, 0o600)
        result["refused"] = netplan_refuses(path)
    return result


def judge(document, folder):
    drive = os.path.join(folder, "drive")
    write(drive + "/openstack/latest/meta_data.json", '{"uuid": "a"}')
    write(drive + "/openstack/latest/network_data.json", json.dumps(document))
    try:
        data = openstack.ConfigDriveReader(drive).read_v2()["networkdata"]
        config = openstack.convert_net_json(data, known_macs=nics(document))
    except Exception as error:
        return {"error": error_text(error)}
    # Much of what a document says makes no difference to the configuration.
    key = json.dumps(config, sort_keys=True)
    if key not in results:
        degraded = is_degraded(json.loads(key))
        renderers = {name: rendered(name, config, os.path.join(folder, name)) for name in RENDERERS}
        results[key] = {"degraded": degraded, "renderers": renderers}
    return results[key]


def judged(document):
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        return judge(document, folder)


json.dump(
    {"version": version.version_string(), "results": [judged(document) for document in json.load(sys.stdin)]},
    sys.stdout,
)
