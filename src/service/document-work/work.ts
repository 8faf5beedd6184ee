/** What operators have done with a `network_data.json`. With a large document, each of it may take many seconds. */
import { check } from "../../check/index.ts";
import { readNetworkData } from "../../documents/read-network-data.ts";
import type { Instance } from "../../instance/instance.ts";
import { type Format, render } from "../../render/index.ts";
import { originsOf } from "../overview/origins.ts";
import { tryDocument } from "./try-document.ts";

interface Given {
	/** A `network_data.json`. */
	readonly text: string;
}

/** By name. The results are those of the operator API. */
export const DOCUMENT_WORK = {
	try: ({ text }: Given) => tryDocument(text),
	check({ text, client }: Given & { readonly client: string | undefined }) {
		const findings = check(JSON.parse(text), client === undefined ? {} : { clients: [client] });
		return { ...(client !== undefined && { client }), findings };
	},
	render({ text, format }: Given & { readonly format: Format }) {
		const { files, remarks } = render(format, readNetworkData(JSON.parse(text)).data);
		return { files, remarks };
	},
	/** @param given with the instance that the document was made of */
	wiring({ text, instance }: Given & { readonly instance: Pick<Instance, "ports"> }) {
		const { data } = readNetworkData(JSON.parse(text));
		return { document: data, origins: originsOf(instance, data) };
	},
};

export type DocumentWork = typeof DOCUMENT_WORK;
export type WorkName = keyof DocumentWork;
export type WorkArgument<Name extends WorkName> = Parameters<DocumentWork[Name]>[0];

export function doWork<Name extends WorkName>(
	name: Name,
	argument: WorkArgument<Name>,
): ReturnType<DocumentWork[Name]> {
	const work = DOCUMENT_WORK[name] as (argument: WorkArgument<Name>) => ReturnType<DocumentWork[Name]>;
	return work(argument);
}
