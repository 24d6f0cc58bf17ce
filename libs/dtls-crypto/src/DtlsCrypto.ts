import { nodeCrypto } from "./NodeCrypto.ts"
import { openSsl } from "./OpenSsl.ts"
import { ciphersAgree, openSslCiphers } from "./OpenSslCiphers.ts"
import { digestsAgree, openSslDigests } from "./OpenSslDigests.ts"

/** node:crypto, with OpenSSL called directly where that works: the same bytes in a fraction of the time. */
export const dtlsCrypto = { ...nodeCrypto, ...direct() }

/**
 * Nothing where node:ffi or OpenSSL's functions are missing, or where they don't agree with node:crypto on samples. The
 * interface is experimental, and another version of it must cost speed and nothing else.
 */
function direct() {
  try {
    const openssl = openSsl()
    if (openssl === undefined) return undefined
    const [ciphers, digests] = [openSslCiphers(openssl), openSslDigests(openssl)]
    if (!ciphersAgree(ciphers, nodeCrypto) || !digestsAgree(digests, nodeCrypto)) return undefined
    return { ...ciphers, ...digests }
  } catch {
    return undefined
  }
}
