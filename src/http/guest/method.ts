/** Whether a method reads a document: HEAD is answered like GET, without the body. */
export function isRead(method: string): boolean {
	return method === "GET" || method === "HEAD";
}
