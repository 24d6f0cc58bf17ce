import { NodeHttpClient } from "@effect/platform-node"
import { buildConnector } from "@effect/platform-node/Undici"
import { Setting, tlsMismatch, type WebhookWithSecret } from "@roost/contracts"
import type { RefusalCode } from "@roost/explain"
import { Clock, Config, Effect, Layer, Option } from "effect"
import { HttpBody, HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import { createHmac } from "node:crypto"
import { lookup } from "node:dns"
import type { LookupFunction } from "node:net"
import { isAddress, isPublicAddress } from "./PublicAddress.ts"

/** How long a receiver may take for one request. */
export const answerSecondsMax = 10

export interface WebhookRequest {
  readonly url: string
  readonly webhookId: string
  readonly secret: string
  /** JSON. */
  readonly body: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * `t={milliseconds},v1={hex}`: HMAC-SHA256 with the webhook's secret over `{t}.{body}`. A receiver compares it in constant time, and
 * refuses what is older than a few minutes.
 */
export const signatureOf = (secret: string, now: number, body: string): string =>
  `t=${now},v1=${createHmac("sha256", secret).update(`${now}.${body}`).digest("hex")}`

/** `error` says for the operator why the receiver did not take it; without one it did, with a 2xx. */
export interface Outcome {
  /** Its answer, if there was one. */
  readonly status?: number
  readonly error?: string
  /** Of the refusal, where there is an error. */
  readonly code?: WebhookRefusal
}

export type WebhookRefusal = Extract<RefusalCode, `webhook-${string}`>

/** Redirections are not followed. */
export const send = Effect.fnUntraced(
  function* ({ body, now, secret, url, webhookId }: WebhookRequest) {
    // The receiver's body is not read: the connection goes with the scope.
    const client = HttpClient.withScope(yield* HttpClient.HttpClient)
    const response = yield* HttpClientRequest.post(url).pipe(
      HttpClientRequest.setHeaders({
        "roost-webhook-id": webhookId,
        "roost-signature": signatureOf(secret, now, body)
      }),
      HttpClientRequest.setBody(HttpBody.text(body, "application/json")),
      client.execute
    )
    const { status } = response
    const outcome: Outcome =
      status >= 200 && status < 300
        ? { status }
        : { status, code: "webhook-status", error: `the receiver answered ${status}` }
    return outcome
  },
  Effect.scoped,
  Effect.timeoutOption(answerSecondsMax * 1000),
  Effect.map(
    Option.getOrElse((): Outcome => ({
      code: "webhook-slow",
      error: `the receiver did not answer within ${answerSecondsMax} s`
    }))
  ),
  (sent, { url }) =>
    Effect.catch(sent, (error) =>
      Effect.succeed<Outcome>({
        code: isRefusedAddress(error) ? "webhook-private-address" : "webhook-unreachable",
        error: `the receiver was not reached: ${reasonOf(error, url)}`.slice(0, 300)
      })
    )
)

const reasonOf = (error: HttpClientError.HttpClientError, url: string): string =>
  tlsMismatch(error, url) ?? String(error.cause ?? error)

/** A request without events, so that a receiver's owner sees whether it is reached, and its signature right, before there are any. */
export const tryDelivery = Effect.fnUntraced(function* ({ secret, url, webhookId }: WebhookWithSecret) {
  const now = yield* Clock.currentTimeMillis
  const body = JSON.stringify({ webhookId, test: true, events: [] })
  const outcome = yield* send({ url, webhookId, secret, body, now })
  return { taken: outcome.error === undefined, millis: (yield* Clock.currentTimeMillis) - now, ...outcome }
})

/** A webhook's address comes from whoever has the token: by default it can't name what only Roost can reach. */
export const WebhookPrivate = Setting.withDefault(
  "ROOST_WEBHOOK_PRIVATE",
  "whether webhooks may reach private addresses",
  Config.Boolean,
  false
)

/**
 * Judges addresses where the connection is made, so that nothing leads elsewhere between check and connection. It judges an address in the
 * URL, the answer of DNS, and the peer of the connection once more.
 */
export const layerWebhookClient: Layer.Layer<HttpClient.HttpClient, Config.ConfigError> = Layer.unwrap(
  Effect.map(WebhookPrivate, (allowed) =>
    NodeHttpClient.layerUndiciOptions(allowed ? {} : { connect: publicConnector() })
  )
)

const publicConnector = (): buildConnector.connector => {
  const connect = buildConnector({ lookup: publicOnly })
  return (options, callback) => {
    if (isAddress(options.hostname) && !isPublicAddress(options.hostname)) {
      return callback(new RefusedAddress(options.hostname), null)
    }
    return connect(options, (...result) => {
      // An error comes alone, without the null of its type.
      const socket = result[1] ?? undefined
      const peer = socket?.remoteAddress
      if (socket === undefined || (peer !== undefined && isPublicAddress(peer))) return callback(...result)
      socket.destroy()
      return callback(new RefusedAddress(peer ?? options.hostname), null)
    })
  }
}

const publicOnly: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0)
    const found = addresses.filter(({ address }) => isPublicAddress(address))
    if (found.length === 0) {
      return callback(new RefusedAddress(addresses.map(({ address }) => address).join(", ")), "", 0)
    }
    if (options.all === true) callback(null, found)
    else callback(null, found[0]!.address, found[0]!.family)
  })

class RefusedAddress extends Error {
  constructor(address: string) {
    super(`the address ${address} is private or special; ROOST_WEBHOOK_PRIVATE=true allows it`)
  }
}

const isRefusedAddress = (error: unknown): boolean =>
  error instanceof RefusedAddress ||
  (error instanceof Error && error.cause !== undefined && isRefusedAddress(error.cause))
