/** Before the first test: commands, and every process that a test starts, keep their state in a folder of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function setup(): () => void {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-state-"));
	process.env["XDG_STATE_HOME"] = folder;
	return () => rmSync(folder, { recursive: true });
}
