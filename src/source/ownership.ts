/** Whose a port is. */
import { isInstanceNic } from "../instance/assemble.ts";
import type { PortFacts } from "../instance/facts.ts";
import { withoutUndefined } from "../instance/without-undefined.ts";
import type { Owner } from "./source.ts";

/**
 * The owner of a port; undefined when it is no instance's, and when the two ports are of different projects: anybody can
 * lay a trunk under a port that they see, and give it a subport with whatever address.
 *
 * @param nic the port itself; for a trunk's subport, which has no device, the trunk's parent port
 */
export function ownerOf(port: PortFacts, nic: PortFacts): Owner | undefined {
	if (!isInstanceNic(nic) || nic.device_id === "") return undefined;
	const projects = new Set([port.project_id ?? nic.project_id, nic.project_id ?? port.project_id]);
	if (projects.size > 1) return undefined;
	const [projectId] = projects;
	return withoutUndefined<Owner>({ id: nic.device_id.toLowerCase(), projectId, networkId: port.network_id });
}
