/** Contents that several processes of the simulation share: whoever changes one would change what others see. */
const frozen = new WeakSet<object>();

/** A deep copy, as JSON has it, that throws when somebody writes to it. A value that is frozen already is returned. */
export function frozenJson<T extends object>(value: T): T {
	return frozen.has(value) ? value : deepFreeze(JSON.parse(JSON.stringify(value)) as T);
}

function deepFreeze<T extends object>(value: T): T {
	for (const member of Object.values(value)) if (typeof member === "object" && member !== null) deepFreeze(member);
	frozen.add(value);
	return Object.freeze(value);
}
