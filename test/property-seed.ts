/** In CI, properties are tried with the same cases each time: a new case that fails is found elsewhere, and then fixed. */
import fc from "fast-check";

if (process.env["CI"]) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_126 });
