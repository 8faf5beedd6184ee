/** The operator server of `guestwire serve`. */
import { withLocation } from "../errors.ts";
import { type OperatorServer, type OperatorServerOptions, startOperatorServer } from "../http/operator/server.ts";
import { readSecret } from "../read-secret.ts";
import { createDriveLinks } from "../service/drive-links.ts";
import { createGuestDocuments } from "../service/guest-documents.ts";
import { openOverview } from "../service/overview/open-overview.ts";
import type { StateDatabase } from "../store/database.ts";
import { sharedKey } from "../store/secrets.ts";
import { VERSION } from "../version.ts";
import type { ServiceMirror } from "./service-mirror.ts";
import type { CommandContext } from "./source.ts";
import { seededSettings } from "./state.ts";

type Parts = Pick<
	OperatorServerOptions,
	"instances" | "documents" | "passwords" | "metrics" | "log" | "isReady" | "isOutdated" | "problems"
>;

/** Starts it, and leaves it to `open` to close it. */
export async function startOperator(
	context: CommandContext,
	database: StateDatabase,
	parts: Parts,
	{ open, stored }: { readonly open: AsyncDisposableStack; readonly stored: ServiceMirror["stored"] | undefined },
): Promise<OperatorServer> {
	const { config, source, where } = context;
	const { listen, tokenFile, readTokenFile, url } = config.operator;
	const secretOf = async (file: string | undefined, key: string) =>
		file && (await readSecret(file, where(["operator", key])));
	const settings = await seededSettings(context, database);
	// Without a mirror, looking at every instance of a cloud would be a request to it for each.
	const isLocal = stored !== undefined || config.cloud.files !== undefined;
	const shown = await openOverview(database, { ...parts, source: stored ?? source, isLocal });
	open.defer(() => shown.overview.close());
	const token = await secretOf(tokenFile, "tokenFile");
	const readToken = await secretOf(readTokenFile, "readTokenFile");
	const server = await withLocation(where(["operator", "listen"]), async () =>
		startOperatorServer({
			...{ ...parts, ...shown, listen, token, readToken, url, version: VERSION },
			driveLinks: createDriveLinks(await sharedKey(database, "drive_links")),
			novaDocuments: createGuestDocuments({ ...settings, profile: "nova" }),
			source: Object.keys(config.cloud)[0] ?? "",
		}),
	);
	open.defer(() => server.close());
	return server;
}
