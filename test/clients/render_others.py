"""Runs in a client's chroot after cloud-init's first stage: writes the same network configuration with other renderers.

Arguments: output folder, then renderers. As cloud-init itself would with `renderers: [...]`, but the document is fetched
only once. Each renderer's files go to OUT/RENDERER/files, its error, if it fails, to OUT/RENDERER/error.
"""

import os
import shutil
import sys
import traceback

from cloudinit import distros, stages
from cloudinit.net import sysconfig

WRITTEN = (
    "etc/netplan",
    "etc/systemd/network",
    "etc/NetworkManager/system-connections",
    "etc/network/interfaces.d",
    "etc/sysconfig",
    "etc/resolv.conf",
)


def clear():
    for path in WRITTEN:
        if os.path.isdir("/" + path):
            shutil.rmtree("/" + path)
            os.mkdir("/" + path)
    open("/etc/resolv.conf", "w").close()


def keep(folder):
    for path in WRITTEN:
        target = os.path.join(folder, "files", path)
        if os.path.isdir("/" + path):
            shutil.copytree("/" + path, target)
        elif os.path.exists("/" + path):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy("/" + path, target)


out, *names = sys.argv[1:]
init = stages.Init()
init.read_cfg()
init.fetch(existing="trust")
configuration, _ = init._find_networking_config()
if configuration is None:
    # cloud-init itself writes nothing then: the document has no link.
    sys.exit()
# The chroot is not of Red Hat's family, which is all that this asks.
sysconfig.available = lambda target=None: True
for name in names:
    clear()
    folder = os.path.join(out, name)
    os.makedirs(folder)
    family = "rhel" if name == "sysconfig" else "debian"
    settings = dict(init.distro._cfg, network={"renderers": [name], "activators": [name]})
    try:
        distro = distros.fetch(family)(family, settings, init.paths)
        distro.apply_network_config(configuration, bring_up=False)
    except Exception:
        with open(os.path.join(folder, "error"), "w") as file:
            file.write(traceback.format_exc())
    keep(folder)
