import { openFilesSource } from "../files/files-source.ts";
import { checkPart, type SourceKind } from "../source-kind.ts";
import { openIronicAccess } from "./access.ts";
import { openIronicSource } from "./index.ts";
import { listNodes } from "./nodes.ts";

/** The nodes of an Ironic. */
export const ironicKind: SourceKind<{ readonly cloud?: string; readonly inventory?: string }> = {
	async open(config, { env, freshness, changes, onReload }) {
		const sharing = Math.min(2, freshness / 2);
		const source = await openIronicSource({ ...config, env, sharing, changes, onReload });
		return { source, maxAge: freshness - sharing };
	},
	async check({ cloud, inventory: path }, { env }) {
		const access = await openIronicAccess({ cloud, env });
		const checkNodes = async () => {
			const { records, unreadable } = await listNodes(access.ironic);
			const odd = unreadable.map(({ uuid, error }) => `; node ${uuid} can't be read: ${error.message}`).join("");
			return `${records.length} nodes${odd}`;
		};
		const checkInventory = async () => {
			const inventory = await openFilesSource(path ?? "");
			return `${(await inventory.list()).length} instances`;
		};
		try {
			return [
				await checkPart("Ironic", async () => `microversion ${await access.microversion()}`),
				await checkPart("Ironic's nodes", checkNodes),
				await checkPart("Neutron", async () =>
					(await access.network()) ? "in the catalogue" : "none: VIFs have no ports",
				),
				...(path === undefined ? [] : [await checkPart("inventory", checkInventory)]),
			];
		} finally {
			await access.close();
		}
	},
};
