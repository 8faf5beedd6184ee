import { expect, test } from "vitest";
import { parseTransportUrl } from "./transport-url.ts";

const parse = (url: string) => parseTransportUrl(url, "transport-url");
const host = { host: "mq", port: 5672, username: "guest", password: "guest" };

test.each([
	["rabbit://mq", { hosts: [host], virtualHost: "/", tls: undefined, external: false }],
	["rabbit://mq:5673/\n", { hosts: [{ ...host, port: 5673 }], virtualHost: "/" }],
	[
		"rabbit://openstack:rain@mq:5672//",
		{ hosts: [{ ...host, username: "openstack", password: "rain" }], virtualHost: "/" },
	],
	["rabbit://u:p@mq/nova", { virtualHost: "nova" }],
	["rabbit://u:p@mq/%2Fa%2Fb", { virtualHost: "/a/b" }],
	["rabbit://u%40x:p%3A%2F%40%25@mq/", { hosts: [{ ...host, username: "u@x", password: "p:/@%" }] }],
	["rabbit://u@x:p@mq/", { hosts: [{ ...host, username: "u@x", password: "p" }] }],
	["rabbit://u:p:q@mq/", { hosts: [{ ...host, username: "u", password: "p:q" }] }],
	["kombu+rabbit://mq/", { hosts: [host] }],
	[
		"rabbit://u:p@a:1,v:q@[2001:db8::1]:2,w:r@[::1]/",
		{
			hosts: [
				{ host: "a", port: 1, username: "u", password: "p" },
				{ host: "2001:db8::1", port: 2, username: "v", password: "q" },
				{ host: "::1", port: 5672, username: "w", password: "r" },
			],
		},
	],
	["rabbit://mq/?ssl=1", { hosts: [{ ...host, port: 5671 }], tls: {} }],
	["rabbits://mq/", { hosts: [{ ...host, port: 5671 }], tls: {} }],
	["rabbit://mq/?ssl=false", { hosts: [host], tls: undefined }],
	[
		"rabbit://mq:5672/?ssl=True&ssl_ca_file=/ca.pem&ssl_cert_file=/cert.pem&ssl_key_file=/key.pem",
		{ hosts: [host], tls: { caFile: "/ca.pem", certFile: "/cert.pem", keyFile: "/key.pem" } },
	],
	["rabbit://mq/?rabbit_use_ssl=yes&kombu_ssl_ca_certs=/ca.pem", { tls: { caFile: "/ca.pem" } }],
	["rabbit://mq/?ssl=1&rabbit_login_method=EXTERNAL", { external: true }],
])("%s", (url, expected) => {
	expect(parse(url)).toMatchObject(expected);
});

test.each([
	["", /not a transport_url/],
	["nonsense", /not a transport_url/],
	["amqp://u:secret@mq/", /only RabbitMQ is supported, not amqp:/],
	["kafka://u:secret@mq/", /not kafka:/],
	["rabbit:///", /names no host/],
	["rabbit://u:secret@mq:http/", /not name:port/],
	["rabbit://u:secret@mq:99999/", /between 1 and 65535/],
	["rabbit://u:secret@::1/", /not name:port/],
	["rabbit://u:secret%zz@mq/", /percent-encoded/],
])("%j is refused, without a word of the password", (url, message) => {
	expect(() => parse(url)).toThrow(message);
	expect(() => parse(url)).toThrow(/^transport-url: (?!.*secret)/);
});
