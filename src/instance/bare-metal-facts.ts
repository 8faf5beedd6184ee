/** Facts in the form of Ironic's API, as those of facts.ts. https://docs.openstack.org/api-ref/baremetal/ */
import Type, { type Static, type TSchema } from "typebox";

const textOrNull = Type.Union([Type.String(), Type.Null()], { default: null });
const optional = Type.Optional;

/** A member whose content is whatever an operator wrote. */
const anything = optional(Type.Unknown());
const mapOf = <T extends Record<string, TSchema>>(members: T) =>
	optional(Type.Union([Type.Object(members), Type.Null()]));

/** Of any form. */
const uuid = () => Type.String({ minLength: 1 });

/** An Ironic node; `instance_uuid` names the server that runs on it. `guestwire` is for us (docs/bare-metal.md). */
export const BareMetalNodeFacts = Type.Object({
	uuid: uuid(),
	name: optional(textOrNull),
	instance_uuid: textOrNull,
	instance_name: optional(textOrNull),
	/** In the form of `network_data.json`. */
	network_data: anything,
	instance_info: mapOf({ display_name: anything, network_data: anything, guestwire: anything }),
	extra: mapOf({ guestwire: anything }),
});
export type BareMetalNodeFacts = Static<typeof BareMetalNodeFacts>;

/** The Neutron ports on a NIC or bond: the tenant's, and those of the networks that Ironic boots its ramdisks from. */
const vifAttachment = {
	internal_info: mapOf({
		tenant_vif_port_id: anything,
		provisioning_vif_port_id: anything,
		cleaning_vif_port_id: anything,
		rescuing_vif_port_id: anything,
		inspection_vif_port_id: anything,
		servicing_vif_port_id: anything,
	}),
};

/** An Ironic port: a physical NIC. */
export const BareMetalPortFacts = Type.Object({
	uuid: uuid(),
	name: optional(textOrNull),
	address: Type.String(),
	node_uuid: uuid(),
	/** Its place among the node's NICs, where a store keeps them in another order. */
	position: optional(Type.Integer({ minimum: 0 })),
	portgroup_uuid: textOrNull,
	...vifAttachment,
	local_link_connection: mapOf({ port_id: anything }),
	extra: mapOf({ vif_port_id: anything, switchport: anything, portchannel: anything, "client-id": anything }),
});
export type BareMetalPortFacts = Static<typeof BareMetalPortFacts>;

/**
 * An Ironic port group: a bond. The guest gets `properties` as `bond_*`: options of the kernel's bonding driver. Ironic
 * stores any JSON there.
 */
export const PortGroupFacts = Type.Object({
	uuid: uuid(),
	name: optional(textOrNull),
	address: textOrNull,
	node_uuid: uuid(),
	mode: optional(textOrNull),
	properties: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
	...vifAttachment,
	extra: mapOf({ vif_port_id: anything, lag: anything, portchannel: anything }),
});
export type PortGroupFacts = Static<typeof PortGroupFacts>;
