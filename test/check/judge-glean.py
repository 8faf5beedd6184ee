"""What glean itself makes of documents: one JSON list on stdin, one on stdout, as judge.py does for cloud-init.

The package `glean` is imported as it is installed, or from PYTHONPATH. Each document is read as from a config drive, and
written for each distribution. The NICs are those of the document.
"""
import copy
import json
import logging
import os
import re
import sys
import types

import glean.cmd as glean

MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
DISTRIBUTIONS = {
    "debian": ("debian", False),
    "redhat": ("redhat", False),
    "redhat-keyfiles": ("redhat", True),
    "suse": ("opensuse", False),
    "gentoo": ("gentoo", False),
    "networkd": ("networkd", False),
}
logging.disable(logging.CRITICAL)
# The machine that runs the test is not a guest: nothing here may look at it or change it.
glean.os.system = lambda *args: 1
glean.subprocess.call = glean.subprocess.check_call = lambda *args, **kwargs: 0
glean.subprocess.check_output = lambda *args, **kwargs: b""
exists = os.path.exists
glean.os.path.exists = lambda path: False if str(path).startswith(("/etc", "/sys")) else exists(path)
glean._create_gentoo_net_symlink_and_enable = lambda *args: None
glean._enable_gentoo_interface = lambda *args: None


def nics(document):
    links = document.get("links") if isinstance(document, dict) else None
    links = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    macs = [str(link.get("ethernet_mac_address")).lower() for link in links if link.get("type") not in ("bond", "vlan")]
    return {mac: "eth%d" % index for index, mac in enumerate(dict.fromkeys(filter(MAC.fullmatch, macs)))}


def written(document, distribution):
    distro, keyfiles = DISTRIBUTIONS[distribution]
    glean.is_keyfile_format = lambda: keyfiles
    args = types.SimpleNamespace(distro=distro, use_nm=keyfiles, noop=False, skip_dns=False, interface=None, root="/", no_dhcp_fallback=False)
    files = {}

    def finish(contents, _):
        for path, text in contents.items():
            if text:
                files[path] = text if isinstance(text, str) else text.write()

    glean.finish_files = finish
    glean.install.install = lambda *args, **kwargs: None
    names = nics(document)
    # glean changes the document while it reads it.
    document = copy.deepcopy(document)
    try:
        dns = glean.write_dns_info(glean.get_dns_from_config_drive(document), args)
        interfaces = glean.get_config_drive_interfaces(document)
        # The function that writes an interface has a mutable default argument.
        glean._write_networkd_interface.__defaults__ = ({},)
        glean.write_static_network_info(interfaces, names, dns, args)
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, str(error)[:200])}
    return {"files": files}


json.dump(
    [{name: written(document if document else {}, name) for name in DISTRIBUTIONS} for document in json.load(sys.stdin)],
    sys.stdout,
)
