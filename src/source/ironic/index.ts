/** Bare metal: the nodes of an Ironic, with Neutron behind the same Keystone or without. */

import type { CloudChoice } from "../api/clouds-yaml.ts";
import { createPollSignals } from "../api/poll.ts";
import { UUID } from "../api/uuid.ts";
import { openInventory } from "../files/kind.ts";
import { createNeutron, type Neutron } from "../neutron/neutron.ts";
import { networksOf } from "../neutron/owners.ts";
import { instanceFrom } from "../ownership.ts";
import type { ChangeSignals, RemoteSource } from "../remote-source.ts";
import type { ChangeOptions, SourceContext } from "../source-kind.ts";
import { withAbort } from "../with-abort.ts";
import { type IronicAccess, openIronicAccess } from "./access.ts";
import { reportHiddenVifs } from "./hidden-vifs.ts";
import { createNodeWiring } from "./node-wiring.ts";
import { findNode } from "./nodes.ts";
import { ownersIn } from "./owners.ts";
import { pollLists } from "./polls.ts";
import { createIronicReader } from "./resources.ts";
import { createSnapshots, type Snapshots } from "./snapshot.ts";

export interface IronicOptions extends CloudChoice {
	/** A folder or file with an inventory: what Ironic can't say, found by the MAC addresses of NICs. */
	readonly inventory?: string | undefined;
	/** How old a listing may be that a look-up of an address uses. Seconds, default 2. */
	readonly sharing?: number;
	/** Default: the source has no signals. */
	readonly changes?: ChangeOptions | undefined;
	/** Given, the inventory is watched. See SourceContext. */
	readonly onReload?: SourceContext["onReload"];
	readonly onWarning?: SourceContext["onWarning"];
}

/**
 * Opens the Ironic that an entry of clouds.yaml or the `OS_*` variables name. The first call is made when an instance is
 * asked for: a service can start while Ironic is down.
 *
 * @throws GuestwireError `config`, `inventory`
 */
export async function openIronicSource(options: IronicOptions): Promise<RemoteSource> {
	const { inventory: path, changes } = options;
	const sharing = (options.sharing ?? 2) * 1000;
	const { ironic, ...access } = await openIronicAccess(options);
	const inventory = path === undefined ? undefined : await openInventory(path, options);
	const findNeutron = createFindNeutron(access.network, sharing);
	const findFacts = createNodeWiring({ findNeutron, inventory, vifs: reportHiddenVifs(options.onWarning) });
	const snapshots = createSnapshots(async () => ironic, findFacts);
	const find = async (id: string) => {
		const record = await findNode(ironic, id);
		return record && findFacts(record);
	};
	// Without Neutron there are no routers.
	const interfacesOfRouter = async (id: string) => (await findNeutron())?.interfacesOfRouter(id) ?? [];
	const facts: RemoteSource["facts"] = async (id, _detail, signal) =>
		UUID.test(id) ? withAbort(find(id), signal) : undefined;
	return {
		sourceId: [access.sourceId, path ?? ""].join(" ").trim(),
		resources: createIronicReader(snapshots, { isPolled: true }),
		knowsRoutersAlone: true,
		signals: changes === undefined ? [] : [listSignals(snapshots, changes)],
		facts,
		instance: instanceFrom(facts),
		async owners(query, signal) {
			const find = async () => {
				const [snapshot, networks] = await Promise.all([
					snapshots.recent(sharing),
					networksOf({ interfacesOfRouter }, query),
				]);
				return ownersIn(snapshot, query, networks);
			};
			return withAbort(find(), signal);
		},
		async list(signal) {
			const { instances, unreadable } = await withAbort(snapshots.recent(sharing), signal);
			const named = instances.map(({ id, server }) => ({ id, name: server?.name ?? id }));
			return [...named, ...unreadable.map(({ id }) => ({ id, name: id }))];
		},
		...(access.session && { tokenRemaining: access.session.remaining }),
		async close() {
			await inventory?.close();
			await access.close();
		},
	};
}

/** @param sharing milliseconds */
function createFindNeutron(network: IronicAccess["network"], sharing: number): () => Promise<Neutron | undefined> {
	let neutron: Neutron | undefined;
	return async () => {
		const api = await network();
		neutron ??= api && createNeutron(api, sharing);
		return api && neutron;
	};
}

function listSignals(snapshots: Snapshots, { pollSeconds }: ChangeOptions): ChangeSignals {
	return createPollSignals({
		...{ name: "lists", neededFor: "every kind", pollSeconds },
		startPoll: () => pollLists(snapshots),
	});
}
