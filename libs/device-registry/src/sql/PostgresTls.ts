import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"

const modes = ["disable", "prefer", "require", "verify-ca", "verify-full"]
/** For the authorities that Node knows, as for psql since 16. */
const system = "system"

/** The fault of what a URL says of TLS, or undefined. `pg` takes any word, and reads into an unknown one what nobody wrote. */
export const tlsFault = (url: string): string | undefined => {
  const { searchParams } = new URL(url)
  const mode = searchParams.get("sslmode")
  const file = searchParams.get("sslrootcert")
  if (mode !== null && !modes.includes(mode)) return `sslmode=${mode}: expected one of ${modes.join(", ")}`
  if (file === system)
    return mode === "verify-full" ? undefined : `sslrootcert=${system} goes with sslmode=verify-full only`
  if (file !== null) return fileFault(file)
  return mode === "verify-ca"
    ? "sslmode=verify-ca asks for sslrootcert=FILE too, the authority's certificate (PEM); verify-full does without one"
    : undefined
}

/**
 * A URL as `pg` is to read it: each word of `sslmode` is what it is for psql. `prefer` is `require`, though: Roost never goes on in plain
 * text since somebody on the way, or the server, would rather have it so.
 */
export const withLibpqMeaning = (url: string): string => {
  const parsed = new URL(url)
  const { searchParams } = parsed
  if (searchParams.get("sslmode") === "prefer") searchParams.set("sslmode", "require")
  if (searchParams.get("sslrootcert") === system) searchParams.delete("sslrootcert")
  if (searchParams.has("sslmode")) searchParams.set("uselibpqcompat", "true")
  return parsed.href
}

/** What the server was told over TLS, or why there is none, by the code of an error: for an operator, with the cure. */
export const tlsWords = (code: string, message: string): string | undefined => {
  if (code === refused)
    return `it takes no TLS, which sslmode of DATABASE_URL asks for: give it a certificate (ssl = on), or say sslmode=disable`
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `${message}: name it in DATABASE_URL as its certificate does, or say sslmode=verify-ca`
  }
  if (code === "CERT_HAS_EXPIRED")
    return "its certificate is out of date (sslmode of DATABASE_URL has it checked): renew it at the server"
  if (code === "CERT_NOT_YET_VALID")
    return "its certificate is not valid yet: a clock is wrong, here or where it was made"
  return unknownAuthority.has(code)
    ? `nobody known here signed its certificate (${message}): give DATABASE_URL sslrootcert=FILE, the authority's certificate (PEM)`
    : undefined
}

/** `pg`'s error for a server without TLS has no code. */
export const refused = "TLS_REFUSED"
export const isTlsRefused = (message: string): boolean => message === "The server does not support SSL connections"

const unknownAuthority = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE"
])

const fileFault = (file: string): string | undefined => {
  try {
    return new X509Certificate(readFileSync(file)).subject === ""
      ? "sslrootcert: its certificate names nobody"
      : undefined
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `sslrootcert: expected a file with the authority's certificate (PEM); ${file}: ${why}`
  }
}
