/** The message bus of the simulated cloud: a RabbitMQ of its own, over which nothing is ever sent. */
import { connect } from "amqplib";
import { hasRabbitMq, startRabbitMq } from "../test/system/rabbitmq-server.ts";

export interface Bus {
	/** As in neutron.conf. */
	readonly transportUrl: string;
	stop(): Promise<void>;
}

/** Undefined where RabbitMQ is not installed. */
export async function startBus(): Promise<Bus | undefined> {
	if (!hasRabbitMq) return undefined;
	const broker = await startRabbitMq();
	const connection = await connect({ port: broker.port, username: "guest", password: "guest" });
	const channel = await connection.createChannel();
	// Nova and Neutron declare these.
	for (const exchange of ["nova", "neutron"]) await channel.assertExchange(exchange, "topic", { durable: false });
	await connection.close();
	return { transportUrl: `rabbit://guest:guest@127.0.0.1:${broker.port}/`, stop: broker.remove };
}
