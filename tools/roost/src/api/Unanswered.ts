import { sessionTokenPrefix, tlsMismatch } from "@roost/contracts"
import { type Schema } from "effect"
import * as Effect from "effect/Effect"
import type { HttpClientError, HttpClientResponse } from "effect/http"
import type { Found } from "../context/FindContext.ts"
import { outcomeOfStatus } from "../ExitCode.ts"
import { Failure } from "../Failure.ts"

/** Why no answer came at all. */
export const unreachable = (
  error: HttpClientError.HttpClientError | Schema.SchemaError,
  url: string
): Effect.Effect<never, Failure> =>
  Effect.suspend(() => {
    if (error._tag === "SchemaError") return Effect.die(error)
    const reason = "cause" in error.reason ? error.reason.cause : error
    const { code, text } = rootOf(reason)
    const [told = text, instead] = tlsMismatch(reason, url)?.split(/: (.*)/) ?? []
    const [cause, cure] = explain(code, text)
    return new Failure({
      outcome: "noConnection",
      what: `nothing answers at ${url}: ${told}`,
      expected: "the HTTP API of a registry",
      cause,
      cure: instead === undefined ? cure : `${instead}; ${context}`
    })
  })

/** The innermost error has the reason; those around it say that fetch failed. */
const rootOf = (error: unknown): { readonly code: string; readonly text: string } => {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0]
  const code = (inner as { readonly code?: unknown } | undefined)?.code
  return { code: typeof code === "string" ? code : "", text: inner instanceof Error ? inner.message : String(inner) }
}

const context = "roost context show has the address"

const explain = (code: string, text: string): readonly [cause: string, cure: string] => {
  if (code === "ECONNREFUSED") {
    return ["no Roost runs there, or it listens on another port or address", `npm start starts one; ${context}`]
  }
  if (text === "bad port") return ["no HTTP client takes this port: it is another protocol's", context]
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return ["the host's name is not known here", context]
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return ["there is no way to this address", context]
  if (/TIMEDOUT|TIMEOUT/.test(code)) {
    return ["a firewall drops what is sent there, or the host is off", `try from the host itself; ${context}`]
  }
  if (/SSL|TLS/.test(code) || /ssl|tls/.test(text)) {
    return ["Roost speaks TLS where it is given a certificate, or a proxy does", context]
  }
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/.test(code)) {
    return ["its certificate is not trusted here", "NODE_EXTRA_CA_CERTS=FILE names the authority that signed it"]
  }
  if (/^HPE_|UND_ERR_SOCKET|ECONNRESET/.test(code)) {
    return [
      "it speaks no HTTP: the port of a nats-server (4222), a database or TLS, or it broke off",
      `the registry's port is 8080 unless ROOST_REGISTRY_PORT says otherwise; ${context}`
    ]
  }
  return ["the connection broke off", context]
}

interface Problem {
  readonly type?: string
  readonly title?: string
  readonly detail?: string
  readonly link?: string
}

/** An answer that is no success. */
export const ofResponse = (
  response: HttpClientResponse.HttpClientResponse,
  text: string,
  found: Found
): Effect.Effect<never, Failure> =>
  Effect.suspend(() => {
    const problem = problemOf(text)
    const { status } = response
    if (problem?.type?.startsWith("urn:roost:problem:") !== true) return notRoost(status, text, found)
    if (status === 401 && problem.type !== "urn:roost:problem:sign-in-refused") return tokenRefused(problem, found)
    const what = [problem.title?.replace(/\.$/, ""), problem.detail].filter(Boolean).join(": ")
    const retry = response.headers["retry-after"]
    const cure = status === 503 ? `try again${retry === undefined ? "" : ` in ${retry} s`}` : cureOf(problem)
    const link = problem.link === undefined ? undefined : new URL(problem.link, found.url).href
    return new Failure({ outcome: outcomeOfStatus(status), what: what || `HTTP ${status}`, cure, link, problem })
  })

const problemOf = (text: string): Problem | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** The cure, where the command has a flag for it. */
const cureOf = ({ type = "" }: Problem): string | undefined => {
  switch (type.split(":").at(-1)) {
    case "device-offline":
      return "--ttl 1h keeps the command until the device comes"
    case "command-not-of-model":
    case "attributes-not-of-model":
      return "correct it, or --unchecked sends it all the same"
    case "product-in-use":
      return "--force deletes its devices with it"
    case "script-untested":
      return "roost scripts test PRODUCT --data …"
    case "too-many-pending":
      return "roost commands ls DEVICE --state created; roost commands cancel-all DEVICE"
    case "device-disabled":
      return "roost devices enable DEVICE"
    case "device-not-activated":
      return "it has to come in once with its own secret: roost why DEVICE says why it does not"
    default:
      return undefined
  }
}

const tokenRefused = (problem: Problem, { from, name, token, url }: Found): Failure =>
  token.startsWith(sessionTokenPrefix) ? sessionOver(problem, name) : wrongToken(problem, { from, name, url })

const sessionOver = (problem: Problem, name: string): Failure =>
  new Failure({
    outcome: "notAllowed",
    what: `nobody is signed in${problem.detail === undefined ? "" : `: ${problem.detail}`}`,
    expected: "a session of roost login that lasts",
    cause: "its hours are over, or who runs Roost changed the roles of the provider's groups",
    cure: `roost login ${name}`,
    problem
  })

const wrongToken = (problem: Problem, { from, name, url }: Pick<Found, "from" | "name" | "url">): Failure =>
  new Failure({
    outcome: "notAllowed",
    what: `${url} refuses the token of ${from}${problem.detail === undefined ? "" : `: ${problem.detail}`}`,
    expected: "what the registry was started with as ROOST_API_TOKEN",
    cause: "the token was exchanged, or is that of another Roost",
    cure:
      name === "local"
        ? "run roost beside the .roost of the npm start that runs"
        : `roost context add ${name || "NAME"} ${url} asks for the new one`,
    problem
  })

const notRoost = (status: number, text: string, { url }: Found): Failure =>
  new Failure({
    outcome: "noConnection",
    what: `${url} answered ${status} ${JSON.stringify(text.slice(0, 60))}`,
    expected: "an answer of Roost's registry",
    cause:
      "the port of udp-edge or session-actors (8082, 8083: health and metrics only), or of another program, or a proxy",
    cure: "the registry's port is 8080 unless ROOST_REGISTRY_PORT says otherwise; roost context show has the address"
  })
