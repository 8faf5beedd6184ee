/** The message bus of the simulated cloud: a RabbitMQ of its own. */
import { connect } from "amqplib";
import { hasRabbitMq, startRabbitMq } from "../test/system/rabbitmq-server.ts";

export interface Bus {
	/** As in neutron.conf. */
	readonly transportUrl: string;
	/** Sends a notification of Neutron and one of Nova, about nothing that instances have. */
	greet(): Promise<void>;
	stop(): Promise<void>;
}

const GREETINGS = {
	neutron: { event_type: "router.create.end", payload: { router: {} } },
	nova: { event_type: "flavor.create", payload: { "nova_object.data": {} } },
};

/** Undefined where RabbitMQ is not installed. */
export async function startBus(): Promise<Bus | undefined> {
	if (!hasRabbitMq) return undefined;
	const broker = await startRabbitMq();
	const connection = await connect({ port: broker.port, username: "guest", password: "guest" });
	const channel = await connection.createConfirmChannel();
	// Nova and Neutron declare these.
	for (const exchange of ["nova", "neutron"]) await channel.assertExchange(exchange, "topic", { durable: false });
	return {
		transportUrl: `rabbit://guest:guest@127.0.0.1:${broker.port}/`,
		async greet() {
			for (const [exchange, message] of Object.entries(GREETINGS))
				channel.publish(exchange, "notifications.info", Buffer.from(JSON.stringify(message)));
			await channel.waitForConfirms();
		},
		async stop() {
			await connection.close();
			await broker.remove();
		},
	};
}
