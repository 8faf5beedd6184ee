/** @module-tag slow */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { soundDescription } from "../../test/arbitrary-descriptions.ts";
import { hostileNetworkData, validNetworkData } from "../../test/arbitrary-network-data.ts";
import { comparable, describedMeanings, metricsIn } from "../../test/render/described-meaning.ts";
import type { Files, Meaning } from "../../test/render/meaning.ts";
import { READERS } from "../../test/render/readers.ts";
import type { NetworkDescription } from "../documents/network-description.ts";
import { FORMATS, type Format, render } from "./index.ts";

const filesOf = (format: Format, data: NetworkDescription): Files =>
	new Map(render(format, data).files.map(({ path, text }) => [path, text]));

describe.each(FORMATS)("%s", (format) => {
	it("renders any valid document into files with safe, distinct paths", () => {
		fc.assert(
			fc.property(validNetworkData, (data) => {
				const { files, remarks } = render(format, data);
				const paths = files.map(({ path }) => path);
				expect(new Set(paths).size).toBe(paths.length);
				for (const { path, mode } of files) {
					expect(path).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]|\/(?=[A-Za-z0-9]))*$/);
					expect([0o600, 0o644, 0o755]).toContain(mode);
				}
				for (const { pointer } of remarks) expect(pointer).toMatch(/^(\/[a-z0-9_]+)+$/);
			}),
		);
	});

	it("is not open to injection through any text of the document", () => {
		fc.assert(
			fc.property(hostileNetworkData, (data) => {
				const rendering = render(format, data);
				expect(JSON.stringify(rendering.files)).not.toMatch(/evil/i);
				for (const { value = "" } of rendering.remarks) expect(value).not.toMatch(/[\p{Cc}\p{Cf}]/u);
			}),
			{ numRuns: 300 },
		);
	});
});

describe.each(Object.entries(READERS))("%s, read back", (format, read) => {
	it("has everything that the document says about its links", () => {
		fc.assert(
			fc.property(soundDescription, (data) => {
				const { remarks } = render(format as Format, data);
				const meanings = read(filesOf(format as Format, data));
				const described = describedMeanings(format as Format, data, remarks);
				expect(inOrder(meanings.values(), data)).toEqual(inOrder(described, data));
			}),
		);
	});
});

/** Links have no order, and files may give them other names than the document. */
function inOrder(meanings: Iterable<Meaning>, data: NetworkDescription): object[] {
	const keyOf = ({ mac, vlan, bond }: Meaning) => `${mac} ${vlan?.id} ${bond?.mode}`;
	const metrics = metricsIn(data);
	const sorted = [...meanings].toSorted((one, other) => keyOf(one).localeCompare(keyOf(other)));
	return sorted.map((meaning) => comparable(meaning, metrics));
}
