/** The form of OpenStack's ids; nothing else becomes part of a path. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
