"""Does what `cloud-init devel net-convert` does, for many documents at once.

Standard input: a JSON list of {"document", "kind", "format", "distro", "names", "out"}. `names` maps names of NICs to
MAC addresses; the files come into the folder `out`. Standard output: a JSON list of null or the error's text.
"""

import argparse
import copy
import json
import sys

from cloudinit import distros
from cloudinit.cmd.devel import net_convert

TABLES = {name: copy.deepcopy(distros.fetch(name).renderer_configs) for name in ("debian", "rhel")}


def convert(job):
    # The command changes its own tables: the second netplan file of one process would land in `tc/`.
    distros.fetch(job["distro"]).renderer_configs = copy.deepcopy(TABLES[job["distro"]])
    arguments = ["-p", job["document"], "-k", job["kind"], "-d", job["out"], "-D", job["distro"], "-O", job["format"]]
    for name, mac in job["names"].items():
        arguments += ["-m", f"{name},{mac}"]
    parser = net_convert.get_parser(argparse.ArgumentParser())
    net_convert.handle_args("net-convert", parser.parse_args(arguments))


def attempt(job):
    try:
        convert(job)
    except Exception as error:  # whatever it is, the test wants to know
        return f"{type(error).__name__}: {error}"
    return None


answer = sys.stdout
sys.stdout = sys.stderr
json.dump([attempt(job) for job in json.load(sys.stdin)], answer)
