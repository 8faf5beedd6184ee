/** The request for a token from Keystone. https://docs.openstack.org/api-ref/identity/v3/#password-authentication-with-scoped-authorization */
import { GuestwireError } from "../../errors.ts";
import { type Auth, type FoundCloud, VARIABLES } from "./clouds-yaml.ts";

export interface AuthRequest {
	/** `…/v3/auth/tokens` */
	readonly url: URL;
	readonly body: unknown;
}

/** The names of keystoneauth's plugins; here all of them use Keystone v3. */
const METHODS = {
	password: passwordIdentity,
	v3password: passwordIdentity,
	applicationcredential: applicationCredentialIdentity,
	v3applicationcredential: applicationCredentialIdentity,
	token: tokenIdentity,
	v3token: tokenIdentity,
} as const;

type Missing = (member: string) => never;

/**
 * The request for a token.
 *
 * @throws GuestwireError `config`: a required member is missing, or the type is unsupported
 */
export function authRequest({ entry, where }: FoundCloud): AuthRequest {
	const { auth } = entry;
	const missing: Missing = (member) => {
		const what = `${where}: auth.${member} (OS_${member.toUpperCase()}) is missing: add it`;
		const hint = where === VARIABLES ? "" : " to the entry (the OS_* variables do not supplement it)";
		throw new GuestwireError("config", `${what}${hint}`);
	};
	const type = entry.auth_type ?? impliedType(auth);
	const method = METHODS[type as keyof typeof METHODS];
	if (method === undefined) {
		throw new GuestwireError(
			"config",
			`${where}: auth_type ${type} is not supported; use password, token or v3applicationcredential`,
		);
	}
	const identity = method(auth, missing);
	const scope = method === applicationCredentialIdentity ? {} : { scope: scopeOf(auth, missing) };
	return { url: tokensUrl(auth.auth_url ?? missing("auth_url"), where), body: { auth: { identity, ...scope } } };
}

function impliedType(auth: Auth): keyof typeof METHODS {
	if (auth.application_credential_secret !== undefined) return "v3applicationcredential";
	return auth.token !== undefined && auth.password === undefined ? "token" : "password";
}

/** `auth_url` may end with any version or none: v3 is used. */
function tokensUrl(authUrl: string, where: string): URL {
	const url = URL.parse(`${authUrl.replace(/\/+$/, "").replace(/\/v[0-9.]+$/, "")}/v3/auth/tokens`);
	if (url?.protocol === "http:" || url?.protocol === "https:") return url;
	throw new GuestwireError(
		"config",
		`${where}: auth_url is not an http(s) URL; set it to Keystone's, such as https://host:5000/v3`,
	);
}

function passwordIdentity(auth: Auth, missing: Missing) {
	return {
		methods: ["password"],
		password: { user: { ...userOf(auth, missing), password: auth.password ?? missing("password") } },
	};
}

function tokenIdentity(auth: Auth, missing: Missing) {
	return { methods: ["token"], token: { id: auth.token ?? missing("token") } };
}

function applicationCredentialIdentity(auth: Auth, missing: Missing) {
	const secret = auth.application_credential_secret ?? missing("application_credential_secret");
	const named =
		auth.application_credential_id !== undefined
			? { id: auth.application_credential_id }
			: {
					name: auth.application_credential_name ?? missing("application_credential_id"),
					user: userOf(auth, missing),
				};
	return { methods: ["application_credential"], application_credential: { ...named, secret } };
}

function userOf(auth: Auth, missing: Missing) {
	if (auth.user_id !== undefined) return { id: auth.user_id };
	return {
		name: auth.username ?? missing("username"),
		domain: domainOf(auth, auth.user_domain_id, auth.user_domain_name),
	};
}

function scopeOf(auth: Auth, missing: Missing) {
	const id = auth.project_id ?? auth.tenant_id;
	if (id !== undefined) return { project: { id } };
	const name = auth.project_name ?? auth.tenant_name;
	if (name !== undefined)
		return { project: { name, domain: domainOf(auth, auth.project_domain_id, auth.project_domain_name) } };
	if (auth.system_scope === "all") return { system: { all: true } };
	if (auth.domain_id !== undefined) return { domain: { id: auth.domain_id } };
	if (auth.domain_name !== undefined) return { domain: { name: auth.domain_name } };
	return missing("project_name");
}

/** Without a domain, `default`, as in openstackclient. */
function domainOf(auth: Auth, id: string | undefined, name: string | undefined) {
	if (id !== undefined) return { id };
	if (name !== undefined) return { name };
	if (auth.domain_id !== undefined) return { id: auth.domain_id };
	if (auth.domain_name !== undefined) return { name: auth.domain_name };
	return { id: auth.default_domain ?? "default" };
}
