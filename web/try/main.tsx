/** The view Try as a page of its own: everything happens in the browser, and nothing is sent anywhere. */
import "./buffer.ts";
import { render as mount } from "preact";
import { check, fractionsIn, losingClients } from "../../src/check/index.ts";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { FORMATS, render } from "../../src/render/index.ts";
import type { Analysis } from "../src/lib/api.ts";
import { TryView } from "../src/views/try.tsx";
import "../src/style.css";

async function analyze(text: string): Promise<Analysis> {
	const document: unknown = JSON.parse(text);
	const { data } = readNetworkData(document);
	const findings = check(document, { fractions: fractionsIn(text) });
	const renderings = Object.fromEntries(
		FORMATS.map((format) => {
			const { files, remarks } = render(format, data);
			return [format, { files: [...files], remarks: [...remarks] }];
		}),
	);
	return { document: data, findings, losing: losingClients(findings), renderings };
}

const root = document.getElementById("app");
if (root !== null) mount(<TryView analyze={analyze} />, root);
