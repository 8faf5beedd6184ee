import type { Exception } from "../clients/exceptions.ts";

/** Where a guest does not come up as its document says. */
export const GUEST_EXCEPTIONS: readonly Exception[] = [];
