import { Command, Option } from "commander";
import { nearestOf } from "../checked-text.ts";
import { normalizePath } from "../documents/paths.ts";
import { GuestwireError } from "../errors.ts";
import type { Instance } from "../instance/instance.ts";
import { createGuestDocuments } from "../service/guest-documents.ts";
import { createLog } from "../service/log.ts";
import { commonOptions, type Io, wantsJson } from "./frame.ts";
import { type CommandContext, type ContextOptions, withInstance } from "./source.ts";
import { openState, seededSettings } from "./state.ts";
import { openVendorData } from "./vendor-data.ts";

/** `guestwire show`: a document as the guest would get it. */
export function showCommand(io: Io): Command {
	return commonOptions(new Command("show"))
		.argument("<instance>", "id or name")
		.argument("[path]", "path in the instance's tree", "openstack/latest/network_data.json")
		.addOption(
			new Option("--profile <profile>", "overrides networkData.profile of the configuration").choices(["full", "nova"]),
		)
		.action(async (nameOrId: string, path: string, options: ContextOptions) => {
			await withInstance(nameOrId, options, io, async (instance, context) => {
				const body = await document(instance, path, context, io);
				io.stdout.write(wantsJson(io, options) ? body : forPerson(body));
			});
		});
}

/** Requests dynamic vendor data as for a guest. Failures of its targets are logged to stderr. */
async function document(instance: Instance, path: string, context: CommandContext, io: Io): Promise<Uint8Array> {
	const log = createLog({ write: (line) => io.stderr.write(line) });
	const state = await openState(context.config.state, io);
	const vendorData = await openVendorData(context, io, { log });
	try {
		const documents = createGuestDocuments(await seededSettings(context, state), vendorData);
		const known = normalizePath(path);
		const answer = known === undefined ? undefined : await documents.answer(instance, known);
		if (answer !== undefined) return answer.body;
		const nearest = nearestOf(path, [...documents.tree(instance).paths()]);
		const what = `instance ${instance.id} has no document "${path}"`;
		throw new GuestwireError("unknown-path", `${what}: did you mean ${nearest}? guestwire tree lists all paths`);
	} finally {
		await vendorData.close();
		await state.close();
	}
}

/** Indents JSON. Leaves anything else as it is, and ends it with a newline. */
function forPerson(body: Uint8Array): string {
	const text = Buffer.from(body).toString();
	try {
		return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
	} catch {
		return text.endsWith("\n") ? text : `${text}\n`;
	}
}
