/** The recorded cases of real clouds, as facts. */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { InstanceFacts } from "../src/instance/facts.ts";
import * as schemas from "../src/instance/facts.ts";
import type { NovaRelease } from "../src/instance/nova-release.ts";

/** Each case has a folder of fixtures. */
export const RECORDED_RELEASES = ["zed", "2025.1", "2026.2"] as const satisfies readonly NovaRelease[];
type RecordedRelease = (typeof RECORDED_RELEASES)[number];

const folderOf = (release: RecordedRelease) => new URL(`./fixtures/${release}/`, import.meta.url);
const ajv = new Ajv2020({ removeAdditional: "all", useDefaults: true, strictTypes: false });

export interface RecordedAnswer {
	readonly status: number;
	readonly headers: readonly (readonly [string, string])[];
	readonly body: string;
}

export interface RecordedCase {
	readonly name: string;
	/** The release of the recorded cloud. */
	readonly release: RecordedRelease;
	readonly facts: InstanceFacts;
	/** The text of the recorded `network_data.json`. */
	readonly networkData: string;
	/** What nova-api-metadata answered, by request path. */
	readonly answers: Readonly<Record<string, RecordedAnswer>>;
}

/** Every case of a release. */
export function recordedCases(release: RecordedRelease = "zed"): RecordedCase[] {
	return readdirSync(folderOf(release), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map((entry) => recordedCase(entry.name, release));
}

export function recordedCase(name: string, release: RecordedRelease = "zed"): RecordedCase {
	const folder = folderOf(release);
	const read = (file: string) => readFileSync(new URL(`${name}/${file}`, folder), "utf8");
	const list = <S extends keyof typeof schemas>(schema: S, file: string, member: string) =>
		(JSON.parse(read(file))[member] as unknown[]).map((item) => pruned(schema, item));
	const server = pruned("ServerFacts", JSON.parse(read("server.json")).server) as schemas.ServerFacts;
	const files = readdirSync(new URL(name, folder));
	const facts = {
		id: server.id,
		server,
		...(files.includes("keypair.json") && {
			keypairs: [pruned("KeypairFacts", JSON.parse(read("keypair.json")).keypair) as schemas.KeypairFacts],
		}),
		ports: list("PortFacts", "ports.json", "ports"),
		subports: list("PortFacts", "subports.json", "ports"),
		trunks: list("TrunkFacts", "trunks.json", "trunks"),
		networks: list("NetworkFacts", "networks.json", "networks"),
		subnets: list("SubnetFacts", "subnets.json", "subnets"),
		dhcpPorts: list("PortFacts", "dhcp-ports.json", "ports"),
		floatingIps: list("FloatingIpFacts", "floatingips.json", "floatingips"),
		securityGroups: list("SecurityGroupFacts", "security-groups.json", "security_groups"),
		interfaceAttachments: list("InterfaceAttachmentFacts", "interfaces.json", "interfaceAttachments"),
		volumeAttachments: files.includes("volumes.json")
			? list("VolumeAttachmentFacts", "volumes.json", "volumeAttachments")
			: [],
		bareMetalPorts: [],
		portGroups: [],
	} as unknown as InstanceFacts;
	const recorded = { ...JSON.parse(read("http.json")).responses, ...JSON.parse(read("ec2_meta_data.json")) };
	// A body with its own file is not repeated.
	const bodyOf = (path: string, { body, body_hex }: Record<string, string | undefined>) =>
		body ?? (body_hex === undefined ? read(path.split("/").at(-1) ?? "") : Buffer.from(body_hex, "hex").toString());
	const answers = Object.fromEntries(
		Object.entries(recorded).map(([path, answer]) => [
			path,
			{ ...(answer as object), body: bodyOf(path, answer as never) },
		]),
	) as Record<string, RecordedAnswer>;
	return { name, release, facts, networkData: read("network_data.json"), answers };
}

const validators = new Map(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]));

function pruned(schema: keyof typeof schemas, value: unknown): unknown {
	const validate = validators.get(schema);
	if (!validate?.(value)) throw new Error(`${schema}: ${ajv.errorsText(validate?.errors)}`);
	return value;
}
