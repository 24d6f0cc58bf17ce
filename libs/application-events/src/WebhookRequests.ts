import { NodeHttpClient } from "@effect/platform-node"
import { Config, Effect, Layer, Option } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { createHmac } from "node:crypto"
import { lookup } from "node:dns"
import { BlockList, isIP, type LookupFunction } from "node:net"

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

/** Undefined: the receiver took it, with a 2xx. Else why it did not, for the operator. Redirections are not followed. */
export const send = Effect.fnUntraced(
  function* ({ body, now, secret, url, webhookId }: WebhookRequest) {
    if (!(yield* PrivateAllowed) && isPrivate(new URL(url).hostname)) return refusedAddress
    // What the receiver says beside its status is not read: the connection goes with the scope.
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
    return status >= 200 && status < 300 ? undefined : `the receiver answered ${status}`
  },
  Effect.scoped,
  Effect.timeoutOption(answerSecondsMax * 1000),
  Effect.map(Option.getOrElse(() => `the receiver did not answer within ${answerSecondsMax} s`)),
  Effect.catch((error) => Effect.succeed(`the receiver was not reached: ${String(error.cause ?? error)}`.slice(0, 300)))
)

/** A webhook's address comes from whoever has the token: by default it can't name what only Roost can reach. */
const PrivateAllowed = Config.Boolean("ROOST_WEBHOOK_PRIVATE").pipe(Config.withDefault(false), Effect.orDie)

const refusedAddress = "the address is private; ROOST_WEBHOOK_PRIVATE=true allows it"

/** Names are checked when they are resolved, so that a name can't lead elsewhere between check and connection. */
export const layerWebhookClient: Layer.Layer<HttpClient.HttpClient, Config.ConfigError> = Layer.unwrap(
  Effect.map(PrivateAllowed, (allowed) =>
    NodeHttpClient.layerUndiciOptions(allowed ? {} : { connect: { lookup: publicOnly } })
  )
)

const publicOnly: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const found = error === null ? addresses.filter(({ address }) => !isPrivate(address)) : []
    if (error !== null || found.length === 0) return callback(error ?? new Error(refusedAddress), "", 0)
    if (options.all === true) callback(null, found)
    else callback(null, found[0]!.address, found[0]!.family)
  })

/** Of an address in text; a name is none. */
export const isPrivate = (text: string): boolean => {
  const address = text.replace(/^\[|\]$/g, "")
  const family = isIP(address)
  return family !== 0 && reserved.check(address, family === 4 ? "ipv4" : "ipv6")
}

/** What the IANA registries of special-purpose addresses have as not globally reachable. */
const reserved = new BlockList()
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4]
] as const) {
  reserved.addSubnet(net, prefix, "ipv4")
}
for (const [net, prefix] of [
  ["::", 127],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8]
] as const) {
  reserved.addSubnet(net, prefix, "ipv6")
}
