"""Ironic's own check of drives: JSON from standard input, name to drive in a deploy request; outcomes as JSON."""

import json
import logging
import sys
from unittest import mock

from ironic.conductor import configdrive_utils
from ironic.conf import CONF

CONF([], project="ironic", default_config_files=[])
lines = []


class Lines(logging.Handler):
    def emit(self, record):
        lines.append("%s %s" % (record.levelname, record.getMessage()))


log = logging.getLogger("ironic.conductor.configdrive_utils")
log.addHandler(Lines())
log.setLevel(logging.WARNING)
found = {}
for name, drive in json.load(sys.stdin).items():
    lines.clear()
    # A node without ports, so that nothing but the drive itself decides.
    task = mock.Mock(ports=[], portgroups=[])
    task.node.uuid = task.node.instance_uuid = "1be26c0b-03f2-4d2e-ae87-c02d7f33c123"
    try:
        kept = configdrive_utils.check_and_patch_configdrive(task, drive) == drive
        found[name] = {"outcome": "kept" if kept else "replaced"}
    except Exception as error:
        found[name] = {"outcome": type(error).__name__}
    found[name]["logged"] = list(lines)
json.dump(found, sys.stdout)
