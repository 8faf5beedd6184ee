/** What NetworkManager makes of profiles, beyond their words: of a family without a section, and of a gateway alone. */
import { readIni, type Section, values } from "../render/meaning.ts";

/**
 * What a guest gets that no document asked for. NetworkManager 1.42, 1.52 and 1.58 (`nmcli --offline connection modify`) read a
 * missing ipv4 section as `method=auto`, and refuse a gateway in a section without an address.
 */
export interface Surprises {
	/** DHCPv4 on a link. */
	readonly asksForDhcp: boolean;
	readonly refusesGateway: boolean;
}

export function surprisesIn(files: Readonly<Record<string, string>>): Surprises {
	const profiles = Object.entries(files)
		.filter(([path]) => path.endsWith(".nmconnection"))
		.map(([, text]) => readIni(text));
	return {
		asksForDhcp: profiles.some((sections) => !isPort(sections) && !sections.some(([name]) => name === "ipv4")),
		refusesGateway: profiles.some((sections) =>
			sections.some(([, entries]) => {
				const keys = entries.map(([key]) => key);
				return keys.includes("gateway") && !keys.some((key) => /^address\d+$/.test(key));
			}),
		),
	};
}

function isPort(sections: readonly Section[]): boolean {
	return values(sections, "connection", "master").length > 0;
}
