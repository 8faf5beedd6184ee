/**
 * How soon a guest that polls sees a change of its cloud, from Guestwire and from nova-api-metadata in one run:
 * `npm run bench:freshness`, or `npm run bench:freshness -- COUNT` for another number of changes of each kind than 5; with
 * `--bus off`, Guestwire does without the message bus. The cloud is that of test/e2e/openstack, which is started first. The
 * exit status is 1 if Guestwire takes longer than docs/mirror.md says.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { login } from "../test/e2e/openstack/api.ts";
import { makeSubject, removeSubject, type Subject, touch } from "../test/e2e/openstack/changes.ts";
import { startGuestwire, untilCurrent, untilFilled } from "../test/e2e/openstack/guestwire.ts";
import { laboratoryEnv, NOVA_METADATA } from "../test/e2e/openstack/laboratory.ts";
import { lagsOf, type Polled, quantile } from "../test/e2e/openstack/lags.ts";
import { PROJECT } from "../test/e2e/openstack/plan.ts";
import { CHANGE_KINDS, type ChangeKind, deletedServers, SUBPORTS, startAnother } from "../test/e2e/openstack/trials.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { bus: { type: "string" } } });
const COUNT = Number(positionals[0] ?? 5);
const HAS_BUS = values.bus !== "off";
/** Without the bus, facts of this age are read again before they are served, for which a guest waits a second at most. */
const FRESHNESS = 15;
const BOUND = HAS_BUS ? 1 : FRESHNESS + 1;
const SUBPORTS_BOUND = 3;
/** Between two polls, in milliseconds: with more of them, Nova's answers take processor time from all that is measured. */
const INTERVAL = 50;
/** How long a change is waited for. Nova remembers for 15 s. Seconds. */
const PATIENCE = 60;
const NOVA_PATIENCE = 30;
/** Changes of a kind that Nova did not show, after which it is no longer asked for that kind. */
const MOST_UNSEEN = 2;

const KINDS = [...CHANGE_KINDS, deletedServers(startAnother), SUBPORTS];

interface Lags {
	readonly guestwire: number[];
	readonly nova: number[];
}

async function measure(kind: ChangeKind, subject: Subject, port: number): Promise<Lags> {
	const lags: Lags = { guestwire: [], nova: [] };
	const { path, novaPath } = kind;
	const ours: Polled = { port, path, interval: INTERVAL, patience: PATIENCE };
	for (let n = 1; n <= COUNT; n++) {
		const isShown = lags.nova.filter((lag) => !Number.isFinite(lag)).length < MOST_UNSEEN;
		const novas: readonly Polled[] =
			novaPath === undefined || !isShown
				? []
				: [{ port: NOVA_METADATA, path: novaPath, interval: INTERVAL, patience: NOVA_PATIENCE }];
		const [own = Number.NaN, ...others] = await lagsOf(await kind.prepare(subject, n), [ours, ...novas]);
		lags.guestwire.push(own);
		lags.nova.push(...others);
	}
	return lags;
}

const WIDTHS = [30, 10, 10, 8, 22, 10];
const columns = ([what = "", ...cells]: readonly string[]) =>
	what.padEnd(WIDTHS[0] ?? 0) + cells.map((cell, at) => cell.padStart(WIDTHS[at + 1] ?? 0)).join("");

/** The cells for p50 and p99. */
function shown(lags: readonly number[], patience: number): string[] {
	if (lags.length === 0) return ["not in its documents", ""];
	return [0.5, 0.99].map((share) => {
		const lag = quantile(lags, share);
		return Number.isFinite(lag) ? `${lag.toFixed(2)} s` : `> ${patience} s`;
	});
}

async function main(): Promise<boolean> {
	const guestwire = await startGuestwire({
		...{ profile: "full", freshness: FRESHNESS },
		...(HAS_BUS && { bus: laboratoryEnv()["GUESTWIRE_TRANSPORT_URL"] ?? "" }),
	});
	const subject = await makeSubject(await login(PROJECT));
	await (HAS_BUS ? untilCurrent(guestwire, () => touch(subject)) : untilFilled(guestwire));
	console.log(`${cpus()[0]?.model}, ${cpus().length} processors, Node.js ${process.version}`);
	console.log(
		`each change ${COUNT} times, ${HAS_BUS ? "with" : "without"} the message bus; polled every ${INTERVAL} ms\n`,
	);
	console.log(columns(["", "guestwire", "", "", "nova-api-metadata"]));
	console.log(columns(["seen after", "p50", "p99", "bound", "p50", "p99"]));
	let areMet = true;
	for (const kind of KINDS) {
		// A token lives for an hour, this may take longer.
		const { guestwire: ours, nova } = await measure(kind, { ...subject, api: await login(PROJECT) }, guestwire.port);
		const bound = kind === SUBPORTS ? SUBPORTS_BOUND : BOUND;
		const isMet = quantile(ours, 0.99) <= bound;
		areMet &&= isMet;
		const cells = [kind.what, ...shown(ours, PATIENCE), `${bound} s`, ...shown(nova, NOVA_PATIENCE)];
		console.log(columns(cells) + (isMet ? "" : "   MISSED"));
	}
	await guestwire.stop();
	await removeSubject(await login(PROJECT));
	return areMet;
}

if (!(await main())) process.exitCode = 1;
