import type { Sealing } from "@roost/contracts"
import { Result, Schema } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"

/** How long somebody may take to sign in at the provider. Milliseconds. */
export const flowMillis = 600_000
/** Sign-ins that one browser may have begun; with more, the others are forgotten. */
export const flowsMax = 5

/** The command that wants a token, on the person's own machine: a port there (RFC 8252 §7.3), and PKCE's challenge (RFC 7636). */
const Terminal = Schema.Struct({
  port: Schema.Int.check(Schema.isBetween({ minimum: 1_024, maximum: 65_535 })),
  challenge: Schema.String.check(Schema.isPattern(/^[\w-]{43}$/)),
  state: Schema.String.check(Schema.isPattern(/^[\w-]{22,64}$/))
})
export type Terminal = typeof Terminal.Type

/**
 * A sign-in that is under way, in a sealed cookie of the browser that began it. So no registry has to remember it, each can end it, and
 * nobody fills anything by beginning many.
 */
const Flow = Schema.Struct({
  state: Schema.String,
  nonce: Schema.String,
  verifier: Schema.String,
  /** Milliseconds since 1970. */
  until: Schema.Finite,
  terminal: Schema.optionalKey(Terminal)
})
export type Flow = typeof Flow.Type

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

export class FlowCookies {
  readonly #sealing: Sealing
  readonly #secure: boolean

  constructor(sealing: Sealing, publicUrl: URL) {
    this.#sealing = sealing
    this.#secure = publicUrl.protocol === "https:"
  }

  with(response: Response, request: Request, flow: Flow): Response {
    const name = nameOf(flow.state)
    const others = Object.keys(request.cookies).filter((other) => other.startsWith(prefix))
    const forgotten = others.length < flowsMax ? [] : others
    const sealed = this.#sealing.seal(name, Buffer.from(JSON.stringify(flow)))
    const bounded = forgotten.reduce((some, other) => this.#without(some, other), response)
    return HttpServerResponse.setCookieUnsafe(bounded, name, Buffer.from(sealed).toString("base64url"), {
      ...this.#attributes,
      maxAge: flowMillis
    })
  }

  without(response: Response, state: string): Response {
    return this.#without(response, nameOf(state))
  }

  /** The sign-in of this state that this browser began; undefined: it did not, or too long ago. */
  find(request: Request, state: string, now: number): Flow | undefined {
    const name = nameOf(state)
    const text = request.cookies[name]
    const plain = text === undefined ? undefined : this.#sealing.open(name, Buffer.from(text, "base64url"))
    if (plain === undefined) return undefined
    const flow = Result.getOrUndefined(decode(Buffer.from(plain).toString("utf8")))
    return flow !== undefined && flow.state === state && flow.until > now ? flow : undefined
  }

  #without(response: Response, name: string): Response {
    return HttpServerResponse.expireCookieUnsafe(response, name, this.#attributes)
  }

  /** Lax: the provider's page leads back here. */
  get #attributes() {
    return { httpOnly: true, sameSite: "lax", path: "/v1/console/oidc", secure: this.#secure } as const
  }
}

const prefix = "roost-oidc-"
/** Tabs that sign in side by side have one each. */
const nameOf = (state: string): string => `${prefix}${state.slice(0, 8)}`

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Flow))

const TerminalQuery = Schema.Struct({
  port: Schema.String.check(Schema.isPattern(/^\d{4,5}$/)),
  challenge: Schema.String,
  state: Schema.String
})
const decodeQuery = Schema.decodeUnknownResult(TerminalQuery, { onExcessProperty: "error" })
const decodeTerminal = Schema.decodeUnknownResult(Terminal)

/** Of the query that a sign-in begins with; undefined: it has none, and "unusable" one that is not `roost`'s. */
export const terminalOf = (query: URLSearchParams): Terminal | "unusable" | undefined => {
  if (query.size === 0) return undefined
  const given = Object.fromEntries(query)
  const text = decodeQuery(given)
  if (Result.isFailure(text) || Object.keys(given).length !== query.size) return "unusable"
  return Result.getOrElse(
    decodeTerminal({ ...text.success, port: Number(text.success.port) }),
    () => "unusable" as const
  )
}
