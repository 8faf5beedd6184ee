/** The view Try as a page of its own: everything happens in the browser, and nothing is sent anywhere. */
import "./buffer.ts";
import { render as mount } from "preact";
import { check, losingClients } from "../../src/check/index.ts";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { FORMATS, render } from "../../src/render/index.ts";
import type { Analysis } from "../src/lib/api.ts";
import { TryView } from "../src/views/try.tsx";
import "../src/style.css";

async function analyze(document: unknown): Promise<Analysis> {
	const { data } = readNetworkData(document);
	const findings = check(document);
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
