import { expect, test } from "vitest";
import { defaultSettings } from "../../documents/settings.ts";
import { createGuestDocuments } from "../../service/guest-documents.ts";
import { warmUp } from "./warm-up.ts";

const documents = createGuestDocuments(defaultSettings(new Uint8Array(32)));

test("all requests are answered with documents", async () => {
	expect(await warmUp(documents, new AbortController().signal)).toBe(2000);
}, 60_000);
