import type { Exception } from "./exceptions.ts";

/** Where cloud-init loses what a document says. */
export const CLOUD_INIT_EXCEPTIONS: readonly Exception[] = [];
