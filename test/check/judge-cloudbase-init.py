"""What cloudbase-init itself makes of documents: one JSON list on stdin, one on stdout, as judge.py does for cloud-init.

The package `cloudbaseinit` is imported from a checkout in PYTHONPATH, with netaddr (Debian: python3-netaddr). Its parser, its
network plugin, its functions for Windows and its team manager run unchanged. Below them stands a model of Windows: adapters
by name, found and changed by the queries of WMI, which refuses what Windows refuses. The adapters are the document's NICs.

A result says how the plugin ended, with an exception of its own (`error`) or because the model refused something
(`refused`), and what the adapters have in the end.
"""
import copy
import ctypes
import ipaddress
import json
import logging
import re
import sys
import time
import types
from unittest.mock import MagicMock

MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
IPV4, IPV6 = 2, 23


class Refused(Exception):
    """Windows says no."""


class Windows:
    """The adapters of one guest. PyMI turns values into WMI's types as `text` and `number` do."""

    def __init__(self, macs):
        self.adapters = [Adapter("Ethernet %d" % index, mac) for index, mac in enumerate(macs)]
        self.teams = {}
        self.refusal = None

    def refuse(self, reason):
        self.refusal = reason
        raise Refused(reason)

    def text(self, value):
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (bool, list, tuple)):
            self.refuse("not a text: %r" % (value,))
        return str(value)

    def number(self, value):
        if value is None or type(value) is int:
            return value
        if isinstance(value, str):
            return int(value)
        return self.refuse("not a number: %r" % (value,))

    def find(self, name):
        """WQL compares texts, without regard to case."""
        return [one for one in self.adapters if one.name.lower() == str(name).lower()]

    def one(self, name):
        found = self.find(name)
        return found[0] if found else self.refuse("no adapter %r" % (name,))

    def check_name(self, name):
        if not name or re.search(r'[\\/:*?"<>|]', name):
            self.refuse("not the name of an adapter: %r" % name)
        if self.find(name):
            self.refuse("another adapter has the name %r" % name)
        return name


class Adapter:
    def __init__(self, name, mac):
        self.name, self.mac, self.mtu, self.dns = name, mac, None, None
        self.addresses, self.team, self.vlan = {}, None, None

    NetConnectionID = property(lambda self: self.name)
    Name = NetConnectionID

    def Enable(self):
        pass

    def rename(self, name):
        name = windows.text(name)
        if name is None or name.lower() != self.name.lower():
            windows.check_name(name)
        self.name = name


class NetIpInterface:
    """The setting `Dhcp`."""

    def put(self):
        pass


class DnsAddresses:
    def __init__(self, adapter):
        self.adapter = adapter

    def put(self, operation_options):
        values = operation_options["custom_options"][0]["value"]
        if not isinstance(values, (list, tuple)):
            windows.refuse("not a list of servers: %r" % (values,))
        servers = [windows.text(value) for value in values]
        for server in servers:
            parsed(server)
        self.adapter.dns = servers


class Team:
    def put(self, operation_options):
        (primary,), nic = [option["value"] for option in operation_options["custom_options"]]
        name = windows.text(self.Name)
        if name in windows.teams:
            windows.refuse("there is a team %r" % name)
        member = windows.one(primary)
        if member.team:
            windows.refuse("the adapter is in a team: %r" % primary)
        nic = windows.check_name(windows.text(nic))
        member.team = name
        member.addresses = {}
        adapter = Adapter(nic, member.mac)
        windows.teams[name] = [adapter]
        windows.adapters.append(adapter)

    def __init__(self, name=None):
        self.Name = name

    def Delete_(self):
        for adapter in windows.teams.pop(self.Name):
            windows.adapters.remove(adapter)
        for adapter in windows.adapters:
            adapter.team = None if adapter.team == self.Name else adapter.team


class TeamMember:
    def put(self, operation_options):
        adapter = windows.one(windows.text(operation_options["custom_options"][0]["value"]))
        if adapter.team:
            windows.refuse("the adapter is in a team: %r" % adapter.name)
        adapter.team = windows.text(self.Team)
        adapter.addresses = {}


class TeamNic:
    def put(self):
        team, vlan = windows.text(self.Team), windows.number(self.VlanID)
        nics = windows.teams.get(team) or windows.refuse("no team %r" % team)
        if vlan is None or not 0 < vlan < 4095:
            windows.refuse("not the id of a VLAN: %r" % vlan)
        if any(nic.vlan == vlan for nic in nics):
            windows.refuse("the team has the VLAN %d" % vlan)
        adapter = Adapter(windows.check_name(windows.text(self.Name)), nics[0].mac)
        adapter.vlan = vlan
        nics.append(adapter)
        windows.adapters.append(adapter)


def parsed(address):
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return windows.refuse("not an address: %r" % address)


class NetIpAddress:
    @staticmethod
    def create(AddressFamily, InterfaceAlias, IPAddress, PrefixLength, DefaultGateway):
        adapter = windows.one(windows.text(InterfaceAlias))
        address, gateway = windows.text(IPAddress), windows.text(DefaultGateway)
        network = ipaddress.ip_interface("%s/%d" % (parsed(address), windows.number(PrefixLength))).network
        if gateway is not None:
            router = parsed(gateway)
            # A gateway of the other family is another matter: cloudbase-init pull request 191.
            if router.version == network.version and router not in network and not router.is_link_local:
                windows.refuse("the gateway is not on the link: %r" % gateway)
        adapter.addresses[AddressFamily] = [[address, PrefixLength, gateway]]

    def __call__(self, AddressFamily, InterfaceAlias):
        windows.one(InterfaceAlias).addresses.pop(AddressFamily, None)
        return []


def has_ip(name, family):
    """A member of a team has none. The MTU is set for IPv4 alone."""
    return [one for one in windows.find(name) if not one.team]


class Class(types.SimpleNamespace):
    def __call__(self, **where):
        return self.query(**where)


CLASSES = Class(
    MSFT_NetAdapter=lambda Name: windows.find(Name),
    Win32_NetworkAdapter=lambda NetConnectionID=None, MACAddress=None: [
        one
        for one in (windows.find(NetConnectionID) if MACAddress is None else windows.adapters)
        if MACAddress is None or one.mac == str(MACAddress).lower()
    ]
    if NetConnectionID is not None or MACAddress is not None
    else [],
    MSFT_NetIPInterface=lambda InterfaceAlias, AddressFamily: [
        NetIpInterface() for _ in has_ip(InterfaceAlias, AddressFamily)
    ],
    MSFT_NetIPAddress=NetIpAddress(),
    MSFT_NetRoute=lambda AddressFamily, InterfaceAlias: [],
    MSFT_DnsClientServerAddress=lambda InterfaceAlias: [DnsAddresses(one) for one in windows.find(InterfaceAlias)],
    MSFT_NetLbfoTeam=Class(new=Team, query=lambda name: [Team(one) for one in windows.teams if one == name]),
    MSFT_NetLbfoTeamMember=Class(new=TeamMember),
    MSFT_NetLbfoTeamNIC=Class(new=TeamNic),
    MSFT_NetLbfoTeamNic=lambda team: windows.teams[team],
)


def stub(*names, **attributes):
    for name in names:
        module = MagicMock(name=name)
        module.__path__ = []
        for key, value in attributes.items():
            setattr(module, key, value)
        sys.modules[name] = module


class save_and_reraise_exception:
    """As oslo.utils has it."""

    reraise = True

    def __enter__(self):
        self.error = sys.exc_info()[1]
        return self

    def __exit__(self, error, *args):
        if error is None and self.reraise:
            raise self.error


# cloudbase-init repeats much of what fails, for up to a minute.
clock = [0.0]
time.time = lambda: clock[0]
time.sleep = lambda seconds: clock.__setitem__(0, clock[0] + max(seconds, 1))
logging.disable(logging.CRITICAL)
stub("oslo_log", log=logging)
sys.modules["oslo_log.log"] = logging
stub("oslo_utils", "cloudbaseinit.conf")
stub("oslo_utils.reflection", get_callable_name=str)
stub("oslo_utils.excutils", save_and_reraise_exception=save_and_reraise_exception)
sys.modules["oslo_utils"].excutils = sys.modules["oslo_utils.excutils"]
stub("winreg", "pywintypes", "tzlocal", "win32api", "win32com", "win32net", "win32netcon", "win32process", "win32security")
stub("win32service", "winerror")
stub("mi", MI_ARRAY=16, MI_STRING=13, MI_UINT32=6)
stub("wmi", WMI=lambda moniker: CLASSES)
UTILS = "cloudbaseinit.utils.windows."
stub(UTILS + "network", UTILS + "privilege", UTILS + "timezone")
stub(UTILS + "disk", GUID=type("GUID", (ctypes.Structure,), {"__init__": lambda self, *parts: None}))
stub(UTILS + "wmi_loader", wmi=lambda: sys.modules["wmi"])
ctypes.windll, ctypes.cdll, ctypes.WINFUNCTYPE = MagicMock(), MagicMock(), MagicMock()
ctypes.WinError = ctypes.GetLastError = MagicMock()

from cloudbaseinit.metadata.services import baseopenstackservice  # noqa: E402
from cloudbaseinit.osutils import factory, windows as osutils  # noqa: E402
from cloudbaseinit.plugins.common import networkconfig  # noqa: E402
from cloudbaseinit.utils.windows import netlbfo  # noqa: E402

osutils.network.get_adapter_addresses = lambda: [
    {"friendly_name": one.name, "mac_address": one.mac, "interface_index": index}
    # A member of a team has the team's address, and is not among the adapters with an IP.
    for index, one in enumerate(windows.adapters)
    if not one.team
]


class Guest(osutils.WindowsUtils):
    def __init__(self):
        self._network_team_manager = netlbfo.NetLBFOTeamManager()

    def check_os_version(self, *args, **kwargs):
        return True

    def _get_system_dir(self):
        return ""

    def execute_process(self, args, shell=True, decode_output=False):
        """netsh, as it is called to set an MTU."""
        index, mtu = int(args[5]), args[6].removeprefix("mtu=")
        if not re.fullmatch("[0-9]+", mtu) or not 68 <= int(mtu) <= 65535:
            windows.refusal = "not an MTU: %r" % mtu
            return ("", "", 1)
        windows.adapters[index].mtu = int(mtu)
        return ("", "", 0)


class Service(baseopenstackservice.BaseOpenStackService):
    def __init__(self, text):
        self._text = text

    def _get_data(self, path):
        return self._text.encode()

    def _get_cache_data(self, path, decode=False):
        return self._text


factory.get_os_utils = Guest


def nics(document):
    links = document.get("links") if isinstance(document, dict) else None
    links = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    macs = [str(link.get("ethernet_mac_address")).lower() for link in links if link.get("type") not in ("bond", "vlan")]
    return list(dict.fromkeys(filter(MAC.fullmatch, macs)))


def judged(document):
    global windows
    windows = Windows(nics(document))
    result = {}
    try:
        networkconfig.NetworkConfigPlugin().execute(Service(json.dumps(document)), {})
    except Exception as error:
        result["refused" if windows.refusal else "error"] = "%s: %s" % (type(error).__name__, windows.refusal or error)
    result["adapters"] = [
        {"name": one.name, "mac": one.mac, "mtu": one.mtu, "dns": one.dns, "team": one.team, "vlan": one.vlan,
         "addresses": [each for family in sorted(one.addresses) for each in one.addresses[family]]}
        for one in windows.adapters
    ]
    return result


json.dump([judged(document) for document in json.load(sys.stdin)], sys.stdout)
