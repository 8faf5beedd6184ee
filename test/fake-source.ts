/** A cloud over the fake OpenStack, for tests of how it bears its APIs' failures. */
import { afterEach, beforeEach } from "vitest";
import { openOpenStackCloud } from "../src/source/openstack/index.ts";
import type { Cloud } from "../src/source/source.ts";
import { type FakeOpenStack, type Fault, startFakeOpenStack } from "./fake-openstack.ts";

export let fake: FakeOpenStack;
export let cloud: Cloud;

/** Has both new for each test of the file that calls it. */
export function useFakeCloud(): void {
	beforeEach(async () => {
		fake = await startFakeOpenStack();
		cloud = await openOpenStackCloud({ env: fake.env });
	});
	afterEach(async () => {
		await cloud.close();
		await fake.close();
	});
}

/** An answer of that status, and nothing in it. */
export const status =
	(code: number, headers = {}): Fault =>
	(response) =>
		void response.writeHead(code, headers).end("{}");
