/** Of `host:port`, without the brackets of an IPv6 address. */
export const hostOf = (server: string): string => server.slice(0, server.lastIndexOf(":")).replace(/^\[|\]$/g, "")
