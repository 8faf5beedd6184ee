/** The configuration schema. The table in docs/configuration.md is generated from its descriptions and defaults. */
import Type, { type Static, type TSchema } from "typebox";
import { DEFAULT_BONDS } from "../documents/full-links.ts";
import { EXPOSABLE } from "../documents/network-ports.ts";
import { NOVA_RELEASES } from "../instance/nova-release.ts";

const strict = <T extends Record<string, TSchema>>(properties: T, options: object = {}) =>
	Type.Object(properties, { additionalProperties: false, ...options });
const text = (description: string, options: object = {}) => Type.String({ minLength: 1, description, ...options });
const path = (description: string) =>
	text(`${description} Relative to the configuration file.`, { relativePath: true });
const optional = Type.Optional;

export const IDENTITIES = ["signed", "network", "provider", "address", "fixed"] as const;

/** Rejects a password in the URL, in either form: the configuration contains no secrets. */
const POSTGRES_URL = "^postgres(ql)?://([^:@/?]*@)?[^@?]*([?](?!(.*&)?password=).*)?$";

const ListenerSchema = strict({
	listen: text("Address that guests or their proxies connect to: `host:port`, `[v6%zone]:port` or `unix:/path`."),
	identity: Type.Enum([...IDENTITIES], { description: "How the requesting guest is identified (docs/http.md)." }),
	sharedSecretFile: optional(
		path(
			"For `signed` and `provider`: file with the secret shared with the proxies. Default: `GUESTWIRE_SHARED_SECRET`.",
		),
	),
	instance: optional(text("For `fixed`: id or name of the instance for which every request is answered.")),
	providers: optional(
		Type.Record(Type.String(), Type.Array(Type.String()), {
			description:
				"For `provider`: maps the id of each metadata provider to the ids of its networks. New networks have to be added here (docs/http.md).",
		}),
	),
	allow: optional(
		Type.Array(text("An address or CIDR."), {
			description: "For `network`: addresses and CIDRs of the proxies. Not needed for a unix socket.",
		}),
	),
});
export type ListenerConfig = Static<typeof ListenerSchema>;

export const ConfigSchema = strict({
	cloud: optional(
		strict(
			{
				files: optional(
					strict(
						{ path: path("Folder or file with the inventory (docs/inventory.md).") },
						{ description: "An inventory of files." },
					),
				),
				openstack: optional(
					strict(
						{
							cloud: optional(text("Name of an entry in clouds.yaml. Default: the `OS_*` environment variables.")),
							tagsOfSingleNics: optional(
								Type.Boolean({
									description:
										"Request the tag of a server's only NIC too, which costs one Nova call per server (docs/deviations.md). Default: false.",
								}),
							),
						},
						{ description: "An OpenStack cloud." },
					),
				),
				ironic: optional(
					strict(
						{
							cloud: optional(text("Name of an entry in clouds.yaml. Default: the `OS_*` environment variables.")),
							inventory: optional(
								path("Folder or file with an inventory that adds what Ironic does not have. Matched by MAC address."),
							),
						},
						{ description: "Ironic without Nova (docs/bare-metal.md)." },
					),
				),
			},
			{ description: "The source of instances. Exactly one kind.", minProperties: 1, maxProperties: 1 },
		),
	),
	metadata: Type.Array(ListenerSchema, {
		description: "The listeners for guests and their proxies.",
		default: [{ listen: "127.0.0.1:8775", identity: "signed" }],
		minItems: 1,
	}),
	operator: strict(
		{
			listen: text("Address of the operator server: `host:port`, `[v6%zone]:port` or `unix:/path`.", {
				default: "127.0.0.1:8790",
			}),
			tokenFile: optional(
				path("File with the bearer token. Required unless the address is loopback or a unix socket."),
			),
			readTokenFile: optional(
				path("File with another token, which does not give access to user data, vendor data and config drives."),
			),
			url: optional(
				text(
					"URL of the operator server for other machines, such as `https://guestwire.example:8790`: for links to config drives, and, with a token, for browsers behind a proxy. Default: from `listen`.",
					{ pattern: "^https?://[^/?#@]+(/[^?#]*)?$" },
				),
			),
		},
		{ description: "The operator server.", default: {} },
	),
	networkData: strict(
		{
			profile: Type.Enum(["full", "nova"], {
				description: "`full`: everything that is known about the network. `nova`: the documents of nova-api-metadata.",
				default: "full",
			}),
			novaRelease: optional(
				Type.Enum([...NOVA_RELEASES], {
					description:
						"Profile `nova`: the release of Nova whose documents are produced. Default: the release of the cloud, or the newest one if it is not known.",
				}),
			),
			trunks: Type.Boolean({ description: "Whether the subports of a trunk become VLAN links.", default: true }),
			defaultRoutes: Type.Enum(["first", "every"], {
				description:
					"`first`: one default route per address family, on the first link that has a gateway. `every`: one on every link that has a gateway.",
				default: "first",
			}),
			bonds: strict(
				{
					miimon: Type.Enum(["number", "text"], {
						description:
							"`bond_miimon` as a number or as text. Talos reads only text; with text, cloud-init 24.2 and later report a degraded status.",
						default: DEFAULT_BONDS.miimon,
					}),
					aliases: Type.Boolean({
						description:
							"Whether bonds repeat their mode and hash policy as `bond-mode` and so on. cloud-init before 24.2 with NetworkManager loses the mode without them; cloud-init 24.2 and later report a degraded status because of them.",
						default: DEFAULT_BONDS.aliases,
					}),
				},
				{ description: "How bonds are written (docs/clients.md).", default: {} },
			),
			expose: Type.Array(Type.Enum([...EXPOSABLE]), {
				description: "What `metadata/network_data` contains beyond addresses (docs/security.md).",
				default: EXPOSABLE.filter((what) => what !== "provider"),
				uniqueItems: true,
			}),
		},
		{ description: "Contents of the network documents.", default: {} },
	),
	hostnameDomain: Type.String({
		description: 'Domain appended to host names, as `dhcp_domain` in nova.conf. `""` for none.',
		default: "novalocal",
	}),
	vendorData: strict(
		{
			providers: Type.Array(Type.Enum(["static", "dynamic"]), {
				description:
					"Kinds of vendor data, in this order. Without `static`, there is no `vendor_data.json`. Nova's `vendordata_providers`.",
				default: ["static", "dynamic"],
				uniqueItems: true,
			}),
			staticFile: optional(path("JSON file served as `vendor_data.json`.")),
			dynamic: Type.Array(
				strict({
					name: text("Member of `vendor_data2.json` that holds the response."),
					url: text("URL of the service. It gets the request that Nova would send.", {
						pattern: "^https?://[^@/]+(/|$)",
						examples: ["https://vendor.example.org/"],
					}),
					timeoutSeconds: Type.Number({
						description: "Timeout of the request, in seconds.",
						default: 2,
						exclusiveMinimum: 0,
						maximum: 5,
					}),
				}),
				{ description: "Services queried for `vendor_data2.json`.", default: [] },
			),
			cloud: optional(
				text(
					"Name of an entry in clouds.yaml whose token is sent to the services (`X-Auth-Token`). Default: no token.",
				),
			),
			caFile: optional(path("PEM file with the CAs that may sign the services' certificates.")),
			failureFatal: Type.Boolean({
				description:
					"If a service fails, `vendor_data2.json` is answered with 503. Otherwise the service's member is `{}`. Nova's `vendordata_dynamic_failure_fatal`.",
				default: false,
			}),
		},
		{ description: "Vendor data.", default: {} },
	),
	state: strict(
		{
			sqlite: optional(path("SQLite database, for processes on one machine. Created with mode 0600.")),
			postgres: optional(
				text(
					"URL of a PostgreSQL database, for several nodes. The password is read from `PGPASSWORD` or `PGPASSFILE`.",
					{
						pattern: POSTGRES_URL,
						examples: ["postgres://user@db.example.org:5432/guestwire"],
					},
				),
			),
		},
		{
			description:
				"Database for passwords, the key of `random_seed`, the request history and the mirror. At most one kind. Default: the SQLite file `guestwire.db` in `$STATE_DIRECTORY` (set by systemd), or else in `$XDG_STATE_HOME/guestwire` (`~/.local/state/guestwire`).",
			default: {},
			maxProperties: 1,
		},
	),
	mirror: strict(
		{
			userData: Type.Boolean({
				description: "Whether servers' user data is stored. If not, it is requested from the cloud each time.",
				default: true,
			}),
			sweepMinutes: Type.Number({
				description: "Minutes between two comparisons of everything with the cloud.",
				default: 10,
				minimum: 1,
			}),
			changes: strict(
				{
					busFile: optional(
						path(
							"File with the `transport_url` of the cloud's message bus, as in neutron.conf. Default: `GUESTWIRE_TRANSPORT_URL`.",
						),
					),
					pollSeconds: Type.Number({
						description: "Seconds between two requests for changes that the message bus does not report.",
						default: 2,
						minimum: 0.5,
					}),
				},
				{ description: "How changes in the cloud are detected (docs/openstack.md).", default: {} },
			),
		},
		{ description: "The stored copy of the data of OpenStack or Ironic (docs/mirror.md).", default: {} },
	),
	workers: Type.Union([Type.Integer({ minimum: 1, maximum: 256 }), Type.Enum(["auto"])], {
		description: "Processes that serve guests. `auto`: one per core (docs/operator.md).",
		default: 1,
		examples: ["auto"],
	}),
	cacheMegabytes: Type.Integer({
		description:
			"Memory in MiB for instances and documents, in each process. With the message bus, it is filled before guests send requests (docs/mirror.md). What is requested repeatedly is kept; the rest is read from the mirror or the inventory.",
		default: 256,
		minimum: 16,
	}),
	freshness: Type.Number({
		description:
			"Seconds for which data from OpenStack or Ironic is served without asking again. Older data is served only while the source is unreachable, too slow, or has to answer many guests at once.",
		default: 15,
		minimum: 0,
	}),
	guestFiles: Type.Array(Type.String(), {
		description:
			"Formats of native network configuration added to the tree, for guests without cloud-init or a similar agent.",
		default: [],
		uniqueItems: true,
	}),
});
export type Config = Static<typeof ConfigSchema>;
