/**
 * The error of a client that spoke TLS to a port without, or the other way round, in words; undefined: it is another error. `url`: of
 * whom it called. OpenSSL says of the first "wrong version number"; a server with TLS ends the connection, or answers with an alert.
 */
export const tlsMismatch = (error: unknown, url: string): string | undefined => {
  const scheme = /^[a-z]+(?=:\/\/)/.exec(url)?.[0] ?? ""
  const [plain, secured] = schemes.find((pair) => pair[0] === scheme || pair[1] === scheme) ?? []
  if (plain === undefined || secured === undefined) return undefined
  const chain = chainOf(error)
  if (scheme === secured) {
    return chain.some(isNoRecord) ? `the port speaks no TLS: write ${plain}:// in place of ${secured}://` : undefined
  }
  if (chain.some(isAlert)) return `the port speaks TLS: write ${secured}:// in place of ${plain}://`
  if (!chain.some(isClosing)) return undefined
  return `it ended the connection without an answer: if the port speaks TLS, write ${secured}:// in place of ${plain}://`
}

const schemes = [
  ["http", "https"],
  ["mqtt", "mqtts"]
] as const

interface Link {
  readonly code: string
  readonly message: string
  /** The bytes that undici's parser of HTTP could not read. */
  readonly data: string
}

/** An error and its causes. */
const chainOf = (error: unknown): ReadonlyArray<Link> => {
  const chain: Array<Link> = []
  for (let link = error; link instanceof Error && chain.length < causesMax; link = link.cause) {
    const { code, data } = link as { readonly code?: unknown; readonly data?: unknown }
    chain.push({ code: String(code ?? ""), message: link.message, data: typeof data === "string" ? data : "" })
  }
  return chain
}

const causesMax = 8

/** The answer is no record of TLS. */
const isNoRecord = ({ code, message }: Link): boolean =>
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL)$/.test(code) ||
  /wrong version number|packet length too long/.test(message)

/** Content type 21 and version 3 (RFC 5246 §6.2.1) in place of an answer; nginx and Go say it in HTTP, with 400. */
const isAlert = ({ data }: Link): boolean => data.startsWith("\u0015\u0003")

const isClosing = ({ code }: Link): boolean => code === "ECONNRESET" || code === "UND_ERR_SOCKET"
