/** Before the first test: makes every guest that is not there yet. They stay, so that the next run is quick. */
import type { TestProject } from "vitest/node";
import { type Guest, makeInstances } from "./instances.ts";

declare module "vitest" {
	interface ProvidedContext {
		guests: readonly Guest[];
	}
}

export default async function setup(project: TestProject): Promise<void> {
	project.provide("guests", await makeInstances());
}
