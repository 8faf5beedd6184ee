/** Every kind of change that a guest sees, and one change of it after the other. */
import { ensure, eventually, type Json } from "./api.ts";
import type { Answer, Requester } from "./asking.ts";
import {
	type Change,
	META_DATA,
	NAME,
	NETWORK_CHANGES,
	NETWORK_DATA,
	OTHER_CHANGES,
	PORTS,
	type Subject,
} from "./changes.ts";
import { built, ensureBootSource, type Guest, startGuest } from "./instances.ts";
import { makePort } from "./networks.ts";

/** One change. */
export interface Trial {
	/** Who sees it. */
	readonly requester: Requester;
	/** Ends with the API's answer, or once the cloud has done what it answered too early. */
	change(): Promise<unknown>;
	/** Whether the answer is from after the change. */
	isSeen(answer: Answer): boolean;
}

export interface ChangeKind {
	readonly what: string;
	/** The document that shows it. */
	readonly path: string;
	/** Nova's document that shows it, if there is one. */
	readonly novaPath?: string;
	/** Makes what a change needs. @param n from 1 on */
	prepare(subject: Subject, n: number): Promise<Trial>;
}

/** What no change takes the cloud itself. Seconds. */
const GIVE_UP = 60;

export const has = (text: string) => (answer: Answer) => answer.status === 200 && answer.body.includes(text);
const lacks = (text: string) => (answer: Answer) => answer.status === 200 && !answer.body.includes(text);

const kindOf = ({ what, path, ec2Path, change, sign }: Change): ChangeKind => ({
	...{ what, path },
	...(path === PORTS ? ec2Path && { novaPath: ec2Path } : { novaPath: path }),
	prepare: async (subject, n) => ({
		requester: subject.guest,
		change: () => change(subject, n),
		isSeen: has(sign(n)),
	}),
});

const laterPort = ({ api, wiring }: Subject) => makePort(api, `${NAME}-later`, { network: NAME }, wiring);

const attach = ({ api, guest }: Subject, port: Json) =>
	api.post("compute", `/servers/${guest.id}/os-interface`, { interfaceAttachment: { port_id: port.id } });

/** Nova answers before it does it. */
async function detach({ api, guest }: Subject, port: Json): Promise<void> {
	await api.delete("compute", `/servers/${guest.id}/os-interface/${port.id}`);
	const isFree = async () => (await api.get("network", `/ports/${port.id}`)).port.device_id === "";
	await eventually("the NIC is detached", GIVE_UP, async () => ((await isFree()) ? true : undefined), 20);
}

const NIC_KINDS: readonly ChangeKind[] = [
	{
		what: "an attached NIC",
		path: NETWORK_DATA,
		novaPath: NETWORK_DATA,
		async prepare(subject) {
			const port = await laterPort(subject);
			if (port.device_id !== "") await detach(subject, port);
			return { requester: subject.guest, change: () => attach(subject, port), isSeen: has(port.mac_address) };
		},
	},
	{
		what: "a detached NIC",
		path: NETWORK_DATA,
		novaPath: NETWORK_DATA,
		async prepare(subject) {
			const port = await laterPort(subject);
			if (port.device_id === "") await attach(subject, port);
			return { requester: subject.guest, change: () => detach(subject, port), isSeen: lacks(port.mac_address) };
		},
	},
];

/** What happens to one guest, subports aside. */
export const CHANGE_KINDS: readonly ChangeKind[] = [
	...[...NETWORK_CHANGES, ...OTHER_CHANGES].map(kindOf),
	...NIC_KINDS,
];

/** Added, and removed by the next change. */
export const SUBPORTS: ChangeKind = {
	what: "a trunk's subports",
	path: NETWORK_DATA,
	async prepare({ api, guest, wiring }, n) {
		const port = await makePort(api, `${NAME}-subport`, { network: NAME }, wiring);
		const trunk = await ensure(api, "trunks", `${NAME}-trunk`, { port_id: guest.ports[0].id, sub_ports: [] });
		const sub_ports = [{ port_id: port.id, segmentation_type: "vlan", segmentation_id: 7 }];
		const [verb, isWanted] = n % 2 === 1 ? (["add", has] as const) : (["remove", lacks] as const);
		return {
			requester: guest,
			change: () => api.put("network", `/trunks/${trunk.id}/${verb}_subports`, { sub_ports }),
			isSeen: isWanted(port.mac_address),
		};
	},
};

/** Starts another server on the guest's network, and waits for it. */
export async function startAnother({ api, wiring }: Subject, n: number): Promise<Guest> {
	const plan = { name: `${NAME}-boot-${n}`, nics: [{ network: NAME, more: { port_security_enabled: false } }] };
	const guest = await startGuest(api, plan, wiring, await ensureBootSource());
	await built(api, guest.id);
	return guest;
}

/** @param serverOf starts the servers that are deleted */
export const deletedServers = (serverOf: (subject: Subject, n: number) => Promise<Requester>): ChangeKind => ({
	what: "a deleted server",
	path: META_DATA,
	novaPath: META_DATA,
	async prepare(subject, n) {
		const { id, projectId } = await serverOf(subject, n);
		return {
			requester: { id, projectId },
			change: () => deleteServer(subject, id),
			isSeen: ({ status }) => status === 404,
		};
	},
});

/** Nova answers before it does it. */
async function deleteServer({ api }: Subject, id: string): Promise<void> {
	await api.delete("compute", `/servers/${id}`);
	const isGone = async () => {
		try {
			await api.get("compute", `/servers/${id}`);
			return undefined;
		} catch (error) {
			if (/: 404 /.test(String(error))) return true;
			throw error;
		}
	};
	await eventually("the server is deleted", GIVE_UP, isGone, 20);
}
