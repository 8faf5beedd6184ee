/** Before the first test: the laboratory is up and everything stands in it. It is left so, for the next run to be quick. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TestProject } from "vitest/node";
import { type Member, makeCrowd } from "./crowd.ts";
import { type Guest, makeInstances } from "./instances.ts";

declare module "vitest" {
	interface ProvidedContext {
		guests: readonly Guest[];
		crowd: readonly Member[];
	}
}

export default async function setup(project: TestProject): Promise<void> {
	const up = spawn(new URL("up", import.meta.url).pathname, { stdio: "inherit" });
	const [code] = await once(up, "exit");
	if (code !== 0) throw new Error(`the laboratory does not come up: test/e2e/openstack/up ended with ${code}`);
	project.provide("guests", await makeInstances());
	console.log("making 200 guests more, where they are not there yet: this can take some minutes");
	project.provide("crowd", await makeCrowd());
}
