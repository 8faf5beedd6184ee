/** The part of node's Buffer that renderers need, in browsers: text as base64. */
const from = (text: string) => ({
	toString: () => btoa(String.fromCharCode(...new TextEncoder().encode(text))),
});
Object.assign(globalThis, { Buffer: { from } });
