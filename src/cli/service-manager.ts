/**
 * What `guestwire serve` reports to the service manager that started it: sd_notify(3). Node.js has no datagram sockets
 * in the file system, so systemd's own program sends the messages; the unit needs `NotifyAccess=all`.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Io, say } from "./frame.ts";

/** Milliseconds that systemd may take to accept a message. */
const SEND_TIMEOUT = 10_000;

/**
 * Reports that the service is ready, and then, if the unit has a watchdog, that its event loop still runs. Does nothing
 * without a service manager. A report that can't be sent is a line on standard error.
 *
 * @returns disposed of when the service starts to stop, which is reported as well
 */
export async function reportReady(io: Io): Promise<AsyncDisposable> {
	if (io.env["NOTIFY_SOCKET"] === undefined) return { async [Symbol.asyncDispose]() {} };
	const notify = async (message: string) => {
		try {
			await promisify(execFile)("systemd-notify", [message], { timeout: SEND_TIMEOUT });
		} catch (error) {
			say(io, `systemd-notify ${message} failed (${(error as Error).message}): see NOTIFY_SOCKET in systemd.exec(5)`);
		}
	};
	await notify("READY=1");
	const watchdog = startWatchdog(watchdogMilliseconds(io.env), () => notify("WATCHDOG=1"));
	return {
		async [Symbol.asyncDispose]() {
			clearInterval(watchdog);
			await notify("STOPPING=1");
		},
	};
}

/** Three messages in the time after which systemd ends a silent service: two may be late. */
function startWatchdog(milliseconds: number | undefined, notify: () => Promise<void>): NodeJS.Timeout | undefined {
	if (milliseconds === undefined) return undefined;
	let isSending = false;
	const send = async () => {
		if (isSending) return;
		isSending = true;
		await notify();
		isSending = false;
	};
	return setInterval(send, milliseconds / 3).unref();
}

/** sd_watchdog_enabled(3): the time is meant for the process with WATCHDOG_PID alone. */
function watchdogMilliseconds(env: Io["env"]): number | undefined {
	const microseconds = Number(env["WATCHDOG_USEC"]);
	const isForOther = env["WATCHDOG_PID"] !== undefined && env["WATCHDOG_PID"] !== String(process.pid);
	return microseconds > 0 && !isForOther ? microseconds / 1000 : undefined;
}
