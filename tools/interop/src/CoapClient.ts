import { decodeString, findOption, OptionNumber } from "@roost/coap"
import { coapClientGnutls, coapClientOpenssl, type CoapRequest as Request } from "@roost/testkit"
import { Effect } from "effect"
import * as Result from "effect/Result"

/** libcoap's command-line client, in its two builds of Debian's libcoap3-bin. */
export type CoapClientBuild = "openssl" | "gnutls"

export interface CoapRequest {
  readonly build: CoapClientBuild
  readonly port: number
  readonly identity: string
  readonly psk: Uint8Array
  readonly method?: "get" | "post" | "put" | "delete"
  /** Uri-Path, such as `/topic/sys/…`. */
  readonly path: string
  readonly payload?: Uint8Array | string
  readonly type?: "con" | "non"
  /** Block size in bytes for a block-wise transfer. */
  readonly block?: number
  /** Options as `number,value`. */
  readonly options?: ReadonlyArray<string>
}

export interface CoapResponse {
  /** Such as "2.04"; undefined if none came. */
  readonly code: string | undefined
  readonly payload: Buffer
  /** The topic of Option 2100, with `/topic`. */
  readonly announced: string | undefined
  /** Everything the client printed. */
  readonly log: string
}

/**
 * One request by `coap-client`, each with a handshake of its own. The OpenSSL build offers both suites and Roost takes
 * CCM_8; the GnuTLS build is held to CBC_SHA256, so that both are spoken.
 */
export const coapClient = ({ build, port, identity, psk, ...request }: CoapRequest): Promise<CoapResponse> =>
  Effect.gen(function* () {
    const [client, suite] =
      build === "openssl" ? [coapClientOpenssl, "CCM_8" as const] : [coapClientGnutls, "CBC_SHA256" as const]
    const session = yield* client.connect({ port, identity, psk, suite, withinMillis })
    const response = Result.getOrUndefined(yield* Effect.result(session.request(requestOf(request))))
    const announced = response && findOption(response.options, OptionNumber.PendingCommand)
    return {
      code: response?.code,
      payload: Buffer.from(response?.payload ?? []),
      announced: announced && decodeString(announced.value),
      log: session.output()
    }
  }).pipe(Effect.scoped, Effect.runPromise)

const requestOf = (
  request: Pick<CoapRequest, "method" | "path" | "payload" | "type" | "block" | "options">
): Request => ({
  method: (request.method ?? "get").toUpperCase() as Request["method"],
  path: request.path,
  confirmable: request.type !== "non",
  ...(request.payload === undefined ? {} : { payload: new Uint8Array(Buffer.from(request.payload)) }),
  ...(request.block === undefined ? {} : { blockBytes: request.block }),
  options: (request.options ?? []).map((text) => {
    const [number, value] = text.split(",")
    return { number: Number(number), value: new Uint8Array(Buffer.from(value ?? "")) }
  })
})

const withinMillis = 8_000
