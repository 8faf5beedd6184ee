"""What cloud-init itself makes of documents: one JSON list on stdin, one on stdout.

Each document goes the way that it goes in a guest: read from a config drive's folder, converted, rendered for netplan;
then netplan's own generator, if the first argument names it, reads the result. NICs are those of the document, as far
as it names any.
"""
import json
import logging
import os
import re
import subprocess
import sys
import tempfile

from cloudinit import net, util, version
from cloudinit.net import netplan, networkd
from cloudinit.net.network_state import parse_net_config_data
from cloudinit.sources.helpers import openstack

MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
warnings = []


class Warnings(logging.Handler):
    def emit(self, record):
        warnings.append(record.getMessage())


logging.getLogger().addHandler(Warnings(logging.WARNING))
# The machine that runs the test is no guest: nothing here may look at it.
util.udevadm_settle = lambda *args, **kwargs: None
net.get_interfaces_by_mac = lambda *args, **kwargs: {}
net.get_ib_hwaddrs_by_interface = lambda *args, **kwargs: {}
netplan.Renderer._netplan_generate = lambda *args, **kwargs: None
netplan.Renderer._net_setup_link = lambda *args, **kwargs: None
netplan.Renderer.features = ()
# In memory, where there is such a folder: hundreds of small files.
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None


def nics(document):
    links = document.get("links") if isinstance(document, dict) else None
    links = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    macs = [str(link.get("ethernet_mac_address")).lower() for link in links if link.get("type") != "bond"]
    return {mac: "eth%d" % index for index, mac in enumerate(dict.fromkeys(filter(MAC.fullmatch, macs)))}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o600)


def netdevs(config, folder):
    target = os.path.join(folder, "networkd")
    try:
        networkd.Renderer({}).render_network_state(parse_net_config_data(config), target=target)
    except Exception:  # nothing is claimed of what this renderer can't write
        return None
    files = os.listdir(os.path.join(target, "etc/systemd/network"))
    return sorted(name for name in files if name.endswith(".netdev"))


def judge(document, folder):
    drive = os.path.join(folder, "drive")
    write(drive + "/openstack/latest/meta_data.json", '{"uuid": "a"}')
    write(drive + "/openstack/latest/network_data.json", json.dumps(document))
    data = openstack.ConfigDriveReader(drive).read_v2()["networkdata"]
    config = openstack.convert_net_json(data, known_macs=nics(document))
    renderer = netplan.Renderer({"netplan_path": "etc/netplan/guest.yaml", "postcmds": False})
    renderer.render_network_state(parse_net_config_data(config), target=folder)
    result = {"netdevs": netdevs(config, folder)}
    path = os.path.join(folder, "etc/netplan/guest.yaml")
    os.chmod(path, 0o600)
    with open(path) as file:
        result["netplan"] = file.read()
    for generator in sys.argv[1:]:
        command = [generator, "--root-dir", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        result.update(refused=done.returncode != 0, said=done.stderr)
    return result


def judged(document):
    del warnings[:]
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        try:
            result = judge(document, folder)
        except Exception as error:
            result = {"error": "%s: %s" % (type(error).__name__, error)}
    return {**result, "warnings": list(warnings)}


json.dump(
    {"version": version.version_string(), "results": [judged(document) for document in json.load(sys.stdin)]},
    sys.stdout,
)
