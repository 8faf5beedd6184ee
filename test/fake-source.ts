/** A cloud over the fake OpenStack, for tests of how it bears its APIs' failures. */
import { afterEach, beforeEach } from "vitest";
import { openOpenStackSource } from "../src/source/openstack/index.ts";
import type { RemoteSource } from "../src/source/remote-source.ts";
import { type FakeOpenStack, type Fault, startFakeOpenStack } from "./fake-openstack.ts";

export let fake: FakeOpenStack;
export let source: RemoteSource;

/** Has both new for each test of the file that calls it. */
export function useFakeSource(): void {
	beforeEach(async () => {
		fake = await startFakeOpenStack();
		source = await openOpenStackSource({ env: fake.env });
	});
	afterEach(async () => {
		await source.close();
		await fake.close();
	});
}

/** An answer of that status, and nothing in it. */
export const status =
	(code: number, headers = {}): Fault =>
	(response) =>
		void response.writeHead(code, headers).end("{}");
