"""cloud-init's net-convert as a function call, timed.

The first line of standard input is a JSON list of [document's text, {MAC address: name}]; each further line names a
format and a time in seconds, and is answered by one line: documents a second. Nothing is written to disk.
"""

import copy
import json
import logging
import sys
import time

from cloudinit import distros, subp, util
from cloudinit.net import eni, netplan, network_manager, network_state, networkd, renderer, sysconfig
from cloudinit.sources.helpers import openstack

logging.disable(logging.CRITICAL)
for module in (util, eni.util, netplan.util, network_manager.util, networkd.util, sysconfig.util):
    module.write_file = module.ensure_dir = module.chownbyname = lambda *args, **kwargs: None
subp.subp = lambda *args, **kwargs: ("", "")

RENDERERS = {
    "eni": (eni, "debian"),
    "netplan": (netplan, "debian"),
    "network-manager": (network_manager, "rhel"),
    "networkd": (networkd, "debian"),
    "sysconfig": (sysconfig, "rhel"),
}


def converter(name):
    module, distribution = RENDERERS[name]
    distro = distros.fetch(distribution)(distribution, {}, None)
    config = distro.renderer_configs.get(name, {})
    if name == "netplan":
        config["features"] = ["dhcp-use-domains", "ipv6-mtu"]

    def convert(text, macs):
        config_v1 = openstack.convert_net_json(json.loads(text), known_macs=macs)
        one = module.Renderer(config=copy.copy(config))
        state = network_state.parse_net_config_data(config_v1, renderer=one)
        one.render_network_state(state, target="/nowhere")

    return convert


documents = json.loads(sys.stdin.readline())
for line in sys.stdin:
    name, seconds = line.split()
    convert = converter(name)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(seconds):
        for text, macs in documents:
            convert(text, macs)
        done += len(documents)
    print(done / (time.perf_counter() - start), flush=True)
