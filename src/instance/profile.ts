/** What the documents are like: `full`, everything that is known; `nova`, those of nova-api-metadata. */
export type Profile = "full" | "nova";
