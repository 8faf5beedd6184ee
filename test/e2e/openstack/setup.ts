/** Before the first test: makes every guest that is not there yet. They stay, so that the next run is quick. */
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
	project.provide("guests", await makeInstances());
	console.log("making 200 more guests if they are missing: this can take some minutes");
	project.provide("crowd", await makeCrowd());
}
