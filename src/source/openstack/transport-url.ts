/**
 * OpenStack's `transport_url`: where the message bus is. https://docs.openstack.org/oslo.messaging/latest/reference/transport.html
 *
 * `rabbit://user:password@host:port,user:password@host:port/virtual-host?option=value`, with user, password and virtual
 * host percent-encoded. Its options override those of the section `[oslo_messaging_rabbit]`.
 */
import { GuestwireError } from "../../errors.ts";

/** A broker of the cluster. */
export interface BusHost {
	/** A name, or an IP address without brackets. */
	readonly host: string;
	readonly port: number;
	readonly username: string;
	/** A secret. */
	readonly password: string;
}

export interface BusAddress {
	readonly hosts: readonly BusHost[];
	readonly virtualHost: string;
	/** Undefined: without TLS. */
	readonly tls: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string } | undefined;
	/** Whether the client's certificate is the login, and no password. */
	readonly external: boolean;
}

/** `rabbits` is not one of OpenStack's own schemes, but other programs write it for TLS. */
const SCHEMES = ["rabbit:", "kombu+rabbit:", "rabbits:"];
const PORT = 5672;
const TLS_PORT = 5671;

/**
 * @param where for messages, which never contain the URL: it has a password
 * @throws GuestwireError `config`
 */
export function parseTransportUrl(text: string, where: string): BusAddress {
	const fail: Fail = (what) => {
		throw new GuestwireError("config", `${where}: ${what}; write rabbit://user:password@host:5672/virtual-host`);
	};
	const [, scheme = "", hosts = "", path = "", query = ""] =
		/^([a-z0-9+]+:)\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text.trim()) ??
		fail("this is not a transport_url");
	if (!SCHEMES.includes(scheme)) fail(`only RabbitMQ is supported, not ${scheme}//`);
	const option = optionsOf(query);
	const isTls = scheme === "rabbits:" || /^(1|true|yes|on)$/i.test(option("ssl", "rabbit_use_ssl") ?? "");
	const port = isTls ? TLS_PORT : PORT;
	const parts = hosts.split(",").filter((part) => part !== "");
	if (parts.length === 0) fail("it names no host");
	return {
		hosts: parts.map((part) => parseHost(part, port, fail)),
		virtualHost: decode(path, fail) || "/",
		tls: isTls ? tlsOf(option) : undefined,
		external: option("rabbit_login_method") === "EXTERNAL",
	};
}

/** Which broker it is, whoever logs in. */
export function placeOf({ hosts, virtualHost }: BusAddress): string {
	return `${hosts.map(textOfHost).sort().join(",")}/${virtualHost}`;
}

export const textOfHost = ({ host, port }: BusHost) => `${host}:${port}`;

type Fail = (what: string) => never;
type Option = (...names: string[]) => string | undefined;

/** The first of an option's names that has a value; older releases had other names. */
function optionsOf(query: string): Option {
	const options = new URLSearchParams(query);
	return (...names) => names.map((name) => options.get(name)).find((value) => value) ?? undefined;
}

function tlsOf(option: Option): BusAddress["tls"] {
	const caFile = option("ssl_ca_file", "kombu_ssl_ca_certs");
	const certFile = option("ssl_cert_file", "kombu_ssl_certfile");
	const keyFile = option("ssl_key_file", "kombu_ssl_keyfile");
	return { ...(caFile && { caFile }), ...(certFile && { certFile }), ...(keyFile && { keyFile }) };
}

function parseHost(text: string, defaultPort: number, fail: Fail): BusHost {
	const at = text.lastIndexOf("@");
	const [, username = "guest", password = at < 0 ? "guest" : ""] =
		/^([^:]*)(?::(.*))?$/.exec(text.slice(0, Math.max(0, at))) ?? [];
	const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d*))?$/.exec(text.slice(at + 1)) ?? [];
	const host = bracketed ?? plain ?? fail("a host is not name:port");
	const number = port ? Number(port) : defaultPort;
	if (number < 1 || number > 65_535) fail("a port is not between 1 and 65535");
	const login = at < 0 ? "guest" : decode(username, fail);
	return { host, port: number, username: login, password: decode(password, fail) };
}

function decode(text: string, fail: Fail): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return fail("it is not percent-encoded correctly");
	}
}
