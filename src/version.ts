/** Guestwire's version: `package.json`'s, which a test compares; not read from there, since pure parts need it too. */
export const VERSION = "0.1.0";
