/** Connections to other services, through the HTTP proxies that the environment names. */
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { GuestwireError } from "./errors.ts";
import { getOrInsert } from "./get-or-insert.ts";
import { canonicalAddress, cidrContains, parseCidr } from "./instance/addresses.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** How a service is reached. */
export interface Way {
	readonly dispatcher: Dispatcher;
	/** The proxy's URL without its credentials, for messages. */
	readonly proxy?: string;
}

export interface Connections {
	/** @throws GuestwireError `config`: the variable of the proxy is not a URL */
	wayTo(url: URL): Way;
	/** Aborts calls in progress. */
	destroy(reason?: Error): Promise<void>;
}

/**
 * @param options `connect` applies to the service also where a proxy is in between. Through a proxy, undici applies the
 *   others to https:// only
 */
export function openConnections(options: Agent.Options, env: Environment = process.env): Connections {
	const direct = new Agent(options);
	const { connect: requestTls, ...others } = options;
	const tls = typeof requestTls === "object" ? { requestTls } : {};
	const byProxy = new Map<string, ProxyAgent>();
	return {
		wayTo(url) {
			const proxy = proxyFor(url, env);
			if (proxy === undefined) return { dispatcher: direct };
			const dispatcher = getOrInsert(byProxy, proxy.href, (uri) => new ProxyAgent({ ...others, ...tls, uri }));
			return { dispatcher, proxy: `${proxy.protocol}//${proxy.host}` };
		},
		async destroy(reason) {
			await Promise.all([direct, ...byProxy.values()].map((one) => one.destroy(reason ?? null)));
		},
	};
}

/**
 * The proxy for a URL: that of `https_proxy` or `http_proxy`, by its protocol, else of `all_proxy`, unless `no_proxy` has
 * its host. The names may be in capitals.
 *
 * The rules are those of Python's requests, which OpenStack's own tools use (`select_proxy` and `should_bypass_proxies` in
 * its utils.py), and of Go's httpproxy.
 *
 * @throws GuestwireError `config`: the variable is not a URL
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
	const names = [url.protocol === "https:" ? "https_proxy" : "http_proxy", "all_proxy"];
	const used = names.map((each) => (env[each] === undefined ? each.toUpperCase() : each));
	const name = used.find((each) => env[each]?.trim());
	const text = name && env[name]?.trim();
	if (!text || isExcepted(url, env["no_proxy"] || env["NO_PROXY"] || "")) return undefined;
	const proxy = URL.parse(/^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`);
	if (proxy !== null && /^(https?|socks5?):$/.test(proxy.protocol) && hasReadableCredentials(proxy)) return proxy;
	// The value may contain a password.
	throw new GuestwireError("config", `${name} is not the URL of a proxy: write it like http://proxy.example:3128`);
}

function hasReadableCredentials({ username, password }: URL): boolean {
	try {
		decodeURIComponent(username + password);
		return true;
	} catch {
		return false;
	}
}

/** @param list the hosts that are reached without the proxy */
function isExcepted({ hostname, port, protocol }: URL, list: string): boolean {
	const host = hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
	const usedPort = port || (protocol === "https:" ? "443" : "80");
	return list
		.toLowerCase()
		.split(/[\s,]+/)
		.some((entry) => entry !== "" && isMatch(entry, host, usedPort));
}

/** An entry is `*`, a range of addresses, or a host or domain, with or without a port. A domain has its subdomains. */
function isMatch(entry: string, host: string, usedPort: string): boolean {
	if (entry === "*") return true;
	const range = parseCidr(entry);
	if (range !== undefined) return cidrContains(range, canonicalAddress(host) ?? "");
	const [, name = entry, port = usedPort] = /^(\[.+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
	const plain = name.replace(/^\[(.*)\]$/, "$1");
	const domain = canonicalAddress(plain) ?? plain.replace(/^\*?\./, "").replace(/\.$/, "");
	const isWithin = host.endsWith(`.${domain}`) || (host === domain && !name.startsWith("*"));
	return port === usedPort && isWithin;
}
