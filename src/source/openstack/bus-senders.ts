/** Who sends notifications on the message bus, each to an exchange that is called like the sender (`control_exchange`). */
import type { Sender } from "../remote-source.ts";

const SWITCH_ON = "set driver = messagingv2 and topics = notifications in [oslo_messaging_notifications]";

export const SENDERS: readonly Sender[] = [
	{
		...{ name: "neutron", title: "Neutron" },
		kinds: ["network", "subnet", "port", "trunk", "floatingip", "security_group"],
		advice: `${SWITCH_ON} of every neutron.conf, see docs/openstack.md`,
	},
	{
		...{ name: "nova", title: "Nova" },
		kinds: ["server", "server_details", "keypair"],
		advice: `${SWITCH_ON}, and notification_format = both in [notifications], of every nova.conf, see docs/openstack.md`,
	},
];

/**
 * Whose message came from an exchange. Undefined: one that does not show that its sender reports all of its changes, as
 * Nova's old format does not.
 */
export function senderOf(exchange: string, isVersioned: boolean): string | undefined {
	if (exchange === "nova" && !isVersioned) return undefined;
	return SENDERS.find(({ name }) => name === exchange)?.name;
}
