import { decode, formatCode, type Message } from "@roost/coap"
import { Effect, type Scope } from "effect"
import * as Result from "effect/Result"
import { EventEmitter, once } from "node:events"
import { createRequire } from "node:module"
import {
  ClientFailed,
  type CoapRequest,
  type CoapResponse,
  type CoapSession,
  type SessionOptions,
  type ThirdPartyClient,
  withinMillisDefault
} from "./CoapClient.ts"
import { nodertcConnect, type NodertcSocket } from "./NodertcDtls.ts"

const name = "node-coap over @nodertc/dtls"

/** `coap` 1.5.0 and its retransmission and block-wise transfer over `@nodertc/dtls` 0.6.0, in this process. */
export const nodeCoapClient: ThirdPartyClient = {
  name,
  program: undefined,
  suites: ["CCM_8", "CBC_SHA256"],
  blockwise: true,
  connect: Effect.fnUntraced(function* (
    options: SessionOptions
  ): Effect.fn.Return<CoapSession, ClientFailed, Scope.Scope> {
    const withinMillis = options.withinMillis ?? withinMillisDefault
    const log: Array<string> = []
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() =>
        nodertcConnect({
          remotePort: options.port,
          remoteAddress: "127.0.0.1",
          pskIdentity: options.identity,
          pskSecret: Buffer.from(options.psk),
          suite: options.suite
        })
      ),
      (socket) => Effect.sync(() => socket.close())
    )
    socket.on("error", (error: Error) => log.push(error.message))
    yield* Effect.tryPromise({
      try: () => once(socket, "connect", { signal: AbortSignal.timeout(withinMillis) }),
      catch: (error) => new ClientFailed({ reason: "NoSession", client: name, detail: String(error) })
    })

    const { Agent } = createRequire(import.meta.url)("coap") as typeof import("coap")
    let latest: Message | undefined
    socket.on("data", (bytes: Buffer) => (latest = Result.getOrUndefined(decode(new Uint8Array(bytes)))))
    const agent = new Agent({ socket: datagramSocket(socket) as never })
    return {
      output: () => log.join("\n"),
      request: (request) =>
        Effect.tryPromise({
          try: () => exchange(agent, () => latest, request, withinMillis),
          catch: (error) =>
            new ClientFailed({ reason: "NoResponse", client: name, detail: [String(error), ...log].join("\n") })
        })
    }
  })
}

type Agent = InstanceType<(typeof import("coap"))["Agent"]>

const exchange = async (
  agent: Agent,
  latest: () => Message | undefined,
  request: CoapRequest,
  withinMillis: number
): Promise<CoapResponse> => {
  const outgoing = agent.request({
    hostname: "127.0.0.1",
    pathname: request.path,
    method: request.method,
    confirmable: request.confirmable !== false
  })
  if (request.blockBytes !== undefined) {
    const block = Buffer.of(Math.log2(request.blockBytes) - 4)
    outgoing.setOption(request.payload === undefined ? "Block2" : "Block1", block)
  }
  for (const { number, value } of request.options ?? []) outgoing.setOption(String(number), Buffer.from(value))
  outgoing.end(request.payload === undefined ? undefined : Buffer.from(request.payload))
  try {
    const [response] = (await once(outgoing, "response", { signal: AbortSignal.timeout(withinMillis) })) as [Incoming]
    // node-coap joins blocks, and turns the values of some options into text: those are taken from the message.
    const { type, code, options } = latest()!
    return { type, code: formatCode(code), options, payload: new Uint8Array(response.payload) }
  } finally {
    outgoing.sender.reset()
  }
}

interface Incoming {
  readonly payload: Buffer
}

/** As much of a `dgram.Socket` as node-coap's agent uses. */
const datagramSocket = (socket: NodertcSocket) => {
  const peer = { address: "127.0.0.1", family: "IPv4", port: 0 }
  const adapter = Object.assign(new EventEmitter(), {
    type: "udp4",
    address: () => peer,
    send: (bytes: Buffer, offset: number, length: number, _port: number, _host: string, sent: () => void) => {
      socket.write(bytes.subarray(offset, offset + length))
      sent()
    },
    close: () => undefined
  })
  socket.on("data", (bytes: Buffer) => adapter.emit("message", bytes, peer))
  return adapter
}
