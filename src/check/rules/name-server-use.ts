/** Name servers that a guest cannot use, or does not get. */
import { specialUseOf } from "../addressing.ts";
import { nameServersOf, ownNameServersOf, readsServer } from "../name-servers.ts";
import type { Rule } from "../rule.ts";
import { onUnreadMember } from "./concerns.ts";

export const nameServerUseRules: readonly Rule[] = [
	{
		id: "dns-server-unusable",
		title: "A name server at an address that no host can have: unspecified, broadcast or multicast",
		fix: "leave it out; in Neutron, 0.0.0.0 or :: as a subnet's only name server means that it announces none",
		effect: { outcome: "wrong", text: "the guest gets no answer from it" },
		concerns: (cell, { document, pointer }) =>
			nameServersOf(document).some((server) => server.pointer === pointer && readsServer(cell, server)),
		*find(document) {
			for (const { pointer, address } of nameServersOf(document)) {
				const use = specialUseOf(address);
				if (use !== undefined) yield { pointer, message: `${address} is ${use}`, value: address };
			}
		},
	},
	{
		id: "dns-in-services-unread",
		title: "A name server in the document's own services, for clients that read none",
		fix: "nothing in the document helps: set the server in the image, or update the client",
		limitation: true,
		concerns: onUnreadMember("services"),
		*find(document) {
			for (const { pointer, address } of ownNameServersOf(document)) {
				yield { pointer, message: `the name server ${address} is in the document's services`, value: address };
			}
		},
	},
];
