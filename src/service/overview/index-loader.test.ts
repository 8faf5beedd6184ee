import { expect, it } from "vitest";
import { guest } from "../../../test/metadata-service.ts";
import type { Change } from "../../source/source.ts";
import { createInstanceIndex } from "./index-loader.ts";

it("reads what has changed again when the list could not be read", { timeout: 30_000 }, async () => {
	let current = guest({ address: "192.0.2.7" });
	const { id } = current;
	let isAway = false;
	let failures = 0;
	let report: (change: Change) => void = () => {};
	const list = async () => {
		if (isAway) throw new Error("away");
		return [{ id, name: "own" }];
	};
	const index = createInstanceIndex({
		source: {
			...{ list, instance: async () => current },
			onChange(listener) {
				report = listener;
			},
		},
		...{ isLocal: true, onChange: () => {} },
		onError() {
			failures++;
		},
	});
	const addresses = () => index.instances.get(id)?.ports.flatMap((port) => port.addresses);
	await expect.poll(addresses).toEqual(["192.0.2.7"]);
	isAway = true;
	current = guest({ address: "192.0.2.8" });
	report({ kind: "server", ids: [id] });
	await expect.poll(() => failures, { timeout: 5000 }).toBe(1);
	isAway = false;
	await expect.poll(addresses, { timeout: 20_000 }).toEqual(["192.0.2.8"]);
	await index.close();
});
