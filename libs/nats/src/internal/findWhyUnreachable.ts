import { X509Certificate } from "node:crypto"
import { lookup } from "node:dns/promises"
import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import type { NatsConfig } from "../NatsConfig.ts"
import { hostOf } from "./hostOf.ts"

/** How long each step may take; all servers are asked at once, so that an answer is there within 5 s. */
const stepMillisMax = 1_500

/** The part of a server's INFO that says whom it lets in. */
interface Info {
  readonly auth_required?: boolean
  readonly tls_required?: boolean
  readonly tls_available?: boolean
  readonly tls_verify?: boolean
}

/**
 * Why no server of `config` can be used, one sentence for each, with the cure. `lastError` is what the client said to the last
 * attempt: the word of a server that is there, and wants something else. It asks by connections of its own, without any login.
 */
export const findWhyUnreachable = async (config: NatsConfig, lastError: string | undefined): Promise<string> => {
  const found = await Promise.all(
    config.servers.map(async (server) => `${server}: ${await whyOf(server, config, lastError)}`)
  )
  return `no nats-server of NATS_URL can be used: ${found.join("; ")}`
}

const whyOf = async (server: string, config: NatsConfig, lastError: string | undefined): Promise<string> => {
  const colon = server.lastIndexOf(":")
  const host = hostOf(server)
  try {
    await within(lookup(host), "the name server does not answer")
    const greeting = await greetingOf(host, Number(server.slice(colon + 1)))
    return greeting === undefined
      ? "what listens there says nothing: it is no nats-server, or one that wants TLS first"
      : wantOf(greeting, config, lastError)
  } catch (error) {
    return (
      words[(error as NodeJS.ErrnoException).code ?? ""] ?? (error instanceof Error ? error.message : String(error))
    )
  }
}

/** The demands of a reachable server that are not met. */
const wantOf = (greeting: string, config: NatsConfig, lastError = "it did not answer in time"): string => {
  const [, json] = /^INFO (\{.*\})/.exec(greeting) ?? []
  if (json === undefined) return "what listens there is no nats-server"
  let info: Info = {}
  try {
    info = JSON.parse(json)
  } catch {
    // The rest of a long one did not come yet: the client's word says enough.
  }
  const { auth_required, tls_available, tls_required, tls_verify } = info
  const offersTls = tls_required === true || tls_available === true
  if (config.tls !== undefined && !offersTls) return "it offers no TLS, which NATS_TLS_… or tls:// ask for"
  if (/certificate/i.test(lastError) && offersTls) {
    return `its certificate is not taken (${lastError.replace(hint, "")}): ${cureOf(lastError)}`
  }
  const certFile = config.tls?.certFile
  if (tls_verify === true && certFile === undefined) return "it wants a certificate: NATS_TLS_CERT and NATS_TLS_KEY"
  const { credentials, token, user } = config
  const hasLogin = user !== undefined || token !== undefined || credentials !== undefined
  if (auth_required === true && !hasLogin)
    return "it wants a login: NATS_USER and NATS_PASSWORD, NATS_TOKEN or NATS_CREDENTIALS"
  if (/authoriz|authent/i.test(lastError)) {
    const who = user === undefined ? "" : ` of the user "${user}"`
    return `it refuses the login${who} (${lastError}): compare it with the nats-server's configuration`
  }
  // It closes the connection without a word, after a handshake that the client takes for done.
  if (tls_verify === true && certFile !== undefined)
    return `it may not take this app's certificate: ${ownText(certFile)}`
  return lastError
}

/** Of Node, which knows nothing of NATS_TLS_CA. */
const hint = /; if the root CA is installed locally.*$/

const cureOf = (lastError: string): string =>
  /expired|not yet valid/.test(lastError)
    ? "renew it, or set the clocks"
    : /altnames|Hostname/.test(lastError)
      ? "NATS_URL has to have a name or address that stands in it"
      : "NATS_TLS_CA has to name who signed it"

/** The facts for the operator to compare with the server's demands. */
const ownText = (certFile: string): string => {
  const { issuer, validTo } = new X509Certificate(readFileSync(certFile))
  return `NATS_TLS_CERT was signed by ${issuer.replaceAll("\n", ", ")} and ends ${validTo}; the server's ca_file has to know who signed it`
}

/** The first line that comes; undefined if none does. */
const greetingOf = (host: string, port: number): Promise<string | undefined> => {
  let socket: Socket | undefined
  const line = new Promise<string | undefined>((resolve, reject) => {
    let text = ""
    socket = connect({ host, port }, () =>
      setTimeout(() => resolve(text === "" ? undefined : text), stepMillisMax).unref()
    )
    socket.on("error", reject)
    socket.on("close", () => resolve(text === "" ? undefined : text))
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      if (text.includes("\n")) resolve(text)
    })
  })
  return within(line, "no answer: the address is wrong, or something on the way drops it", 2 * stepMillisMax).finally(
    () => socket?.destroy()
  )
}

const within = <A>(work: Promise<A>, otherwise: string, millis = stepMillisMax): Promise<A> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(otherwise)), millis)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused): start it, or correct NATS_URL",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name server does not answer",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to this network",
  ETIMEDOUT: "no answer: the address is wrong, or something on the way drops it",
  ECONNRESET: "it closed the connection"
}
