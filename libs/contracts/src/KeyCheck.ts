import { hkdfSync } from "node:crypto"

/**
 * 16 hexadecimal digits by which two processes can see that they have the same key without showing it. `purpose`: "cluster" or
 * "routing".
 */
export const keyCheck = (key: Uint8Array, purpose: "cluster" | "routing"): string =>
  Buffer.from(hkdfSync("sha256", key, new Uint8Array(0), `roost key check ${purpose}`, 8)).toString("hex")
