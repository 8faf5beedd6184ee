import ipaddr from "ipaddr.js";
import { GuestwireError } from "../errors.ts";
import { httpUrl, isLocal, parseListenAddress } from "../http/listen.ts";
import { createDriveLinks, LINK_MINUTES, makeDriveLink } from "../service/drive-links.ts";
import { sharedKey } from "../store/secrets.ts";
import { type CommonOptions, type Io, say } from "./frame.ts";
import { type CommandContext, withInstance } from "./source.ts";
import { isShared, isTemporary, openState, STATE_ADVICE } from "./state.ts";

export interface UrlOptions extends CommonOptions {
	readonly minutes?: number;
}

/** Parses `--minutes`. */
export function minutesOption(text: string): number {
	const minutes = Number(text);
	if (/^[1-9]\d*$/.test(text) && minutes <= LINK_MINUTES.most) return minutes;
	throw new GuestwireError("usage", `--minutes must be a whole number from 1 to ${LINK_MINUTES.most}, not "${text}"`);
}

/** Prints a link to the drive of an instance, as text even in a pipe, so that a shell can put it into a request. */
export async function printUrl(nameOrId: string, options: UrlOptions, io: Io): Promise<void> {
	await withInstance(nameOrId, options, io, async ({ id }, { config, where }) => {
		if (!isShared(config.state, io.env)) throw otherState();
		const base = config.operator.url ?? baseOf(config.operator.listen, where(["operator", "listen"]), io);
		const state = await openState(config.state, io);
		try {
			if (isTemporary(state)) throw otherState();
			const links = createDriveLinks(await sharedKey(state, "drive_links"));
			const link = makeDriveLink(links, base, id, options.minutes);
			io.stdout.write(options.json === true ? `${JSON.stringify(link)}\n` : `${link.url}\n`);
		} finally {
			await state.close();
		}
	});
}

/** The server would refuse the link, which another key has signed. */
function otherState(): GuestwireError {
	return new GuestwireError("state", `--url needs the state of the operator server: ${STATE_ADVICE}`);
}

/** The server's URL by its listen address, if that is an address that others can use. */
function baseOf(listen: CommandContext["config"]["operator"]["listen"], where: string, io: Io): string {
	const address = parseListenAddress(listen);
	const advice = 'set "operator.url" to the URL under which machines being deployed reach the operator server';
	if ("path" in address || address.port === 0 || ipaddr.process(address.host).range() === "unspecified") {
		throw new GuestwireError("config", `${where} ${listen} can't be in a URL: ${advice}`);
	}
	if (isLocal(address)) say(io, `only this machine can open the link: ${advice}`);
	return httpUrl(address.host, address.port);
}
