/** Loaded before the service, it leaves out the request history: there is no option for that. */
import { registerHooks } from "node:module";

registerHooks({
	load(url, context, next) {
		if (!url.endsWith("/request-history/open-recorder.ts")) return next(url, context);
		const source = "export const openRecorder = () => ({ record: undefined, close: async () => {} });";
		return { format: "module", source, shortCircuit: true };
	},
});
