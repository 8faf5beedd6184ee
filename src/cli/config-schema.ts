/** The configuration, every key with its meaning and its default: docs/configuration.md's table is made of this. */
import Type, { type Static, type TSchema } from "typebox";
import { EXPOSABLE } from "../documents/network-ports.ts";

const strict = <T extends Record<string, TSchema>>(properties: T, options: object = {}) =>
	Type.Object(properties, { additionalProperties: false, ...options });
const text = (description: string, options: object = {}) => Type.String({ minLength: 1, description, ...options });
const path = (description: string) =>
	text(`${description} Relative to the configuration file.`, { relativePath: true });
const optional = Type.Optional;

export const IDENTITIES = ["signed", "network", "provider", "address", "fixed"] as const;

/** Without a password, before the host or as a parameter: no secret stands in the configuration. */
const POSTGRES_URL = "^postgres(ql)?://([^:@/?]*@)?[^@?]*([?](?!(.*&)?password=).*)?$";

const ListenerSchema = strict({
	listen: text("Where guests or their proxies come in: `host:port`, `[v6%zone]:port` or `unix:/path`."),
	identity: Type.Enum([...IDENTITIES], { description: "How the guest that asks is known (docs/http.md)." }),
	sharedSecretFile: optional(
		path("`signed`, `provider`: file with the secret shared with the proxies, else GUESTWIRE_SHARED_SECRET."),
	),
	instance: optional(text("`fixed`: id or name of the instance that every request is answered as.")),
	providers: optional(
		Type.Record(Type.String(), Type.Array(Type.String()), {
			description:
				"`provider`: the ids of the networks that each metadata provider, by its id, stands before; a new network has to be added (docs/http.md).",
		}),
	),
	allow: optional(
		Type.Array(text("An address or CIDR."), {
			description: "`network`: addresses and CIDRs that proxies come from; a unix socket needs none.",
		}),
	),
});
export type ListenerConfig = Static<typeof ListenerSchema>;

export const ConfigSchema = strict({
	cloud: optional(
		strict(
			{
				files: optional(
					strict({ path: path("Folder or file of facts (docs/inventory.md).") }, { description: "Facts from files." }),
				),
				openstack: optional(
					strict(
						{ cloud: optional(text("An entry of clouds.yaml; the `OS_*` variables without it.")) },
						{ description: "Facts from OpenStack's APIs." },
					),
				),
			},
			{ description: "Where facts come from: exactly one of the two.", minProperties: 1, maxProperties: 1 },
		),
	),
	metadata: Type.Array(ListenerSchema, {
		description: "The listeners on the guests' side.",
		default: [{ listen: "127.0.0.1:8775", identity: "signed" }],
		minItems: 1,
	}),
	operator: strict(
		{
			listen: text("Where the operator server listens: `host:port`, `[v6%zone]:port` or `unix:/path`.", {
				default: "127.0.0.1:8776",
			}),
			tokenFile: optional(path("File with the bearer token; needed where it is neither loopback nor a socket.")),
		},
		{ description: "The operator server.", default: {} },
	),
	networkData: strict(
		{
			profile: Type.Enum(["full", "nova"], {
				description: "`full`: everything that is known; `nova`: what nova-api-metadata answers.",
				default: "full",
			}),
			trunks: Type.Boolean({ description: "Whether a trunk's subports become VLAN links.", default: true }),
			defaultRoutes: Type.Enum(["first", "every"], {
				description: "Which links with a gateway get a default route.",
				default: "first",
			}),
			expose: Type.Array(Type.Enum([...EXPOSABLE]), {
				description: "What `metadata/network_data` tells beyond addresses (docs/security.md).",
				default: EXPOSABLE.filter((what) => what !== "provider"),
				uniqueItems: true,
			}),
		},
		{ description: "How network data is made.", default: {} },
	),
	hostnameDomain: Type.String({
		description: 'Domain behind host names, Nova\'s `dhcp_domain`; `""` for none.',
		default: "novalocal",
	}),
	vendorData: strict(
		{
			staticFile: optional(path("JSON file that becomes `vendor_data.json`.")),
			dynamic: Type.Array(
				strict({
					name: text("Its member of `vendor_data2.json`."),
					url: text("Where it is asked for.", {
						pattern: "^https?://[^@/]+(/|$)",
						examples: ["https://vendor.example.org/"],
					}),
					timeoutSeconds: Type.Number({ description: "Seconds to wait.", default: 2, exclusiveMinimum: 0, maximum: 5 }),
				}),
				{ description: "What `vendor_data2.json` holds besides.", default: [] },
			),
		},
		{ description: "Vendor data.", default: {} },
	),
	state: strict(
		{
			sqlite: optional(path("SQLite database: for one process, or a few on one machine.")),
			postgres: optional(
				text("PostgreSQL, for many nodes; the password stands in PGPASSWORD or PGPASSFILE.", {
					pattern: POSTGRES_URL,
					examples: ["postgres://user@db.example.org:5432/guestwire"],
				}),
			),
		},
		{
			description: "Where what guests post outlives the process: one of the two; neither: nowhere.",
			default: {},
			maxProperties: 1,
		},
	),
	freshness: Type.Number({
		description:
			"Seconds that an OpenStack cloud's answers are taken for its present ones; older ones only while it can't be reached.",
		default: 15,
		minimum: 0,
	}),
	guestFiles: Type.Array(Type.String(), {
		description: "Formats of native network configuration added to the tree, for guests without an agent.",
		default: [],
		uniqueItems: true,
	}),
});
export type Config = Static<typeof ConfigSchema>;
