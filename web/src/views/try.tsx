import { useState } from "preact/hooks";
import type { Analysis } from "../lib/api.ts";
import { Findings, Main, Problem, Section } from "../parts/basics.tsx";
import { Renderings } from "../parts/renderings.tsx";
import { WiringPicture } from "../wiring/wiring-picture.tsx";
import { WiringTable } from "../wiring/wiring-table.tsx";
import { EXAMPLE } from "./example.ts";

/** Works a document out, here or on the server: its text, which shows how numbers are written. */
export type Analyze = (text: string) => Promise<Analysis>;

/** Any `network_data.json`: its picture, what clients make of it, and native configuration. */
export function TryView({ analyze }: { readonly analyze: Analyze }) {
	const [text, setText] = useState("");
	const [analysis, setAnalysis] = useState<Analysis>();
	const [error, setError] = useState<string>();
	const run = async (document: string) => {
		setText(document);
		try {
			expectJson(document);
			setAnalysis(await analyze(document));
			setError(undefined);
		} catch (reason) {
			setAnalysis(undefined);
			setError((reason as Error).message);
		}
	};
	return (
		<Main title="Try a network_data.json">
			<h1>Try a network_data.json</h1>
			<p class="muted">
				Of any producer: Nova, Ironic, a config drive. You get its picture, what each guest client makes of it, and the
				same as netplan, systemd-networkd and others.
			</p>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					run(text);
				}}
			>
				<label>
					The document
					<textarea
						rows={10}
						spellcheck={false}
						value={text}
						placeholder='{"links": [], "networks": [], "services": []}'
						onInput={({ currentTarget }) => setText(currentTarget.value)}
					/>
				</label>
				<button type="submit" class="primary" disabled={text.trim() === ""}>
					Check
				</button>{" "}
				<button type="button" onClick={() => run(JSON.stringify(EXAMPLE, null, 2))}>
					Use an example
				</button>
			</form>
			{error !== undefined && <Problem message={error} />}
			{analysis !== undefined && <Result analysis={analysis} />}
		</Main>
	);
}

function Result({ analysis }: { readonly analysis: Analysis }) {
	const { document, findings, losing, renderings } = analysis;
	return (
		<>
			<Section id="wiring" title="Wiring">
				<WiringPicture document={document} />
				<details>
					<summary>Every value</summary>
					<WiringTable document={document} />
				</details>
			</Section>
			<Section id="check" title="Check">
				{losing.length > 0 && <p>These clients lose networking, or part of it: {losing.join(", ")}.</p>}
				<Findings findings={findings} empty="Every client accepts this document." />
			</Section>
			<Section id="renderings" title="Native configuration">
				<Renderings renderings={renderings} />
			</Section>
		</>
	);
}

function expectJson(text: string): void {
	try {
		JSON.parse(text);
	} catch (error) {
		throw new Error(`This is not JSON: ${(error as Error).message}`);
	}
}
