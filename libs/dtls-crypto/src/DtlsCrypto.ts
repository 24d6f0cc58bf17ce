import { nodeCrypto } from "./NodeCrypto.ts"
import { openSslCiphers } from "./OpenSslCiphers.ts"

/** node:crypto, with OpenSSL's ciphers called directly where that works: the same bytes in a third of the time. */
export const dtlsCrypto = { ...nodeCrypto, ...openSslCiphers() }
