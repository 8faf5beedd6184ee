/** The effects that many rules share: how each client as a whole gives up. */
import { crash, lost } from "./rule.ts";

/** A look-up in a Python dictionary that fails, in cloud-init's conversion or in glean. */
export const keyError = crash("KeyError: no NIC is configured");
/** A value that cloud-init's conversion or network state can't read. */
export const valueError = crash("ValueError: no NIC is configured");
export const netplanRefuses = lost("netplan refuses the whole file: no NIC comes up");

export const windowsPluginFails = crash("the network plugin fails: nothing is configured");

export const gleanStops = crash("stops: no NIC is configured");

/** The network comes first there: what follows is left undone too. */
export const nuageinitStops = crash("stops: no network, host name or users");

/** The whole document is parsed against types, for the whole drive. */
export const afterburnGivesUp = crash("can't parse it and gives up the whole drive: no network, host name or keys");
/** What is parsed later, when the network is made. */
export const afterburnFails = crash("can't parse it: no NIC is configured");

/** glean and nuageinit check nothing. */
export const systemRefuses = lost("writes it as it is: the system refuses it");
