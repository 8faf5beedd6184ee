/** The URL of Neutron's API. The endpoint's URL may end with the version or not. */
export function neutronBase(endpoint: string): string {
	return `${endpoint.replace(/\/+$/, "").replace(/\/v2\.0$/, "")}/v2.0`;
}
