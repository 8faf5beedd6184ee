import { Command, Option } from "commander";
import { nearestOf } from "../checked-text.ts";
import { normalizePath } from "../documents/paths.ts";
import { GuestwireError } from "../errors.ts";
import type { Instance } from "../instance/instance.ts";
import { createGuestDocuments } from "../service/guest-documents.ts";
import { createLog } from "../service/log.ts";
import { createDynamicVendorData } from "../service/vendor-data.ts";
import { commonOptions, type Io, wantsJson } from "./frame.ts";
import { type Source, type SourceChoice, withInstance } from "./source.ts";

/** `guestwire show`: a document as the guest would get it. */
export function showCommand(io: Io): Command {
	return commonOptions(new Command("show"))
		.argument("<instance>", "id or name")
		.argument("[path]", "of the instance's tree", "openstack/latest/network_data.json")
		.addOption(new Option("--profile <profile>", "instead of the configuration's").choices(["full", "nova"]))
		.action(async (nameOrId: string, path: string, options: SourceChoice) => {
			await withInstance(nameOrId, options, io, async (instance, source) => {
				const body = await document(instance, path, source, io);
				io.stdout.write(wantsJson(io, options) ? body : forPerson(body));
			});
		});
}

/** Vendors' services are asked as for a guest; what they say wrong goes to stderr. */
async function document(instance: Instance, path: string, { settings, config }: Source, io: Io): Promise<Uint8Array> {
	const log = createLog({ write: (line) => io.stderr.write(line) });
	const vendorData = createDynamicVendorData(config.vendorData.dynamic, { log, count: () => {} });
	try {
		const documents = createGuestDocuments(settings, vendorData);
		const known = normalizePath(path);
		const answer = known === undefined ? undefined : await documents.answer(instance, known);
		if (answer !== undefined) return answer.body;
		const nearest = nearestOf(path, [...documents.tree(instance).paths()]);
		const what = `instance ${instance.id} has no document "${path}"`;
		throw new GuestwireError("unknown-path", `${what}: the nearest is ${nearest}; guestwire tree lists all`);
	} finally {
		await vendorData.close();
	}
}

/** JSON indented; anything else as it is, with an end of line. */
function forPerson(body: Uint8Array): string {
	const text = Buffer.from(body).toString();
	try {
		return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
	} catch {
		return text.endsWith("\n") ? text : `${text}\n`;
	}
}
