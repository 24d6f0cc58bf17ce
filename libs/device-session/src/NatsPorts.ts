import {
  type CommandEvent,
  pskContext,
  type PskRequest,
  RegistryRpcs,
  Sealing,
  sealPurpose,
  secretContext,
  Subjects,
  UplinkHeader
} from "@roost/contracts"
import {
  EventPublisher,
  FrameBus,
  headerLines,
  makeStreamPublisher,
  NatsConnection,
  type NatsError,
  requestRpc,
  type Settled
} from "@roost/nats"
import { Effect, FiberSet, type Scope } from "effect"
import type { ActivationOutcome, Ports, PskOutcome } from "./Ports.ts"

/** Where the answers to what the ports were asked go. */
export interface PortAnswers {
  readonly psk: (token: number, outcome: PskOutcome) => void
  readonly activation: (token: number, outcome: ActivationOutcome) => void
  readonly stored: (token: number, stored: boolean) => void
}

/** Uplinks and command events of this node that wait for the stream's ack. */
const storesInFlightMax = 65_536

/** The ports of a device host over NATS: no promise and no fiber per uplink, a fiber per question to the registry. */
export const makeNatsPorts = Effect.fnUntraced(function* (
  clusterKey: Uint8Array,
  answers: PortAnswers
): Effect.fn.Return<Ports, never, NatsConnection | FrameBus | EventPublisher | Scope.Scope> {
  const bus = yield* FrameBus
  const events = yield* EventPublisher
  const run = yield* FiberSet.makeRuntime<NatsConnection>()
  const pskSealing = new Sealing(clusterKey, sealPurpose.psk)
  const secretSealing = new Sealing(clusterKey, sealPurpose.secret)
  const onSettled = (token: number, settled: Settled) => {
    if (token !== 0) answers.stored(token, settled._tag === "Stored")
  }
  const publisher = yield* makeStreamPublisher({ onSettled, inFlightMax: storesInFlightMax })

  const openPsk = (request: PskRequest, sealed: string): Uint8Array | undefined =>
    pskSealing.open(pskContext(request), Buffer.from(sealed, "base64"))

  return {
    publishFrame: (edgeId, frame) => void bus.publish(Subjects.frameToEdge(edgeId), frame),

    askPsk: (token, request) => {
      run(
        requestRpc(RegistryRpcs.psk, request).pipe(
          Effect.map((reply): PskOutcome => {
            if (reply._tag === "Refused") return reply
            const psk = openPsk(request, reply.sealedPsk)
            return psk === undefined ? clusterKeysDiffer : { ...reply, psk }
          }),
          Effect.catch(unavailable),
          Effect.map((outcome) => answers.psk(token, outcome))
        )
      )
    },

    askActivation: (token, productKey, deviceKey, requestId) => {
      run(
        requestRpc(RegistryRpcs.activate, { productKey, deviceKey, requestId }).pipe(
          Effect.map((reply): ActivationOutcome => {
            if (reply._tag === "Refused") return reply
            const sealed = Buffer.from(reply.sealedSecret, "base64")
            const secret = secretSealing.open(secretContext({ productKey, deviceKey }), sealed)
            if (secret === undefined) return clusterKeysDiffer
            return { _tag: "Issued", assetId: reply.assetId, deviceSecret: Buffer.from(secret).toString("utf8") }
          }),
          Effect.catch(unavailable),
          Effect.map((outcome) => answers.activation(token, outcome))
        )
      )
    },

    storeUplink: (token, uplink) => {
      const lines = headerLines([
        [UplinkHeader.session, uplink.session],
        [UplinkHeader.topic, uplink.topic],
        [UplinkHeader.method, uplink.method],
        [UplinkHeader.time, String(uplink.at)]
      ])
      const subject = Subjects.uplink(uplink.productKey, uplink.deviceKey, uplink.kind)
      return publisher.publish(subject, lines, uplink.payload, token)
    },

    storeCommandEvent: (token, productKey, deviceKey, event) =>
      publisher.publish(subjectOf(productKey, deviceKey, event), "", utf8.encode(JSON.stringify(event)), token),

    publishPresence: (presence) =>
      void events.publish(Subjects.presence(presence.productKey, presence.deviceKey), presence),

    publishEvent: (event) => void events.publish(Subjects.event(event.productKey, event.deviceKey, event.kind), event)
  }
})

const subjectOf = (productKey: string, deviceKey: string, event: CommandEvent): string =>
  Subjects.command(event._tag === "Fetched" ? "fetched" : "replied", productKey, deviceKey)

const unavailable = (error: NatsError) =>
  Effect.succeed({ _tag: "Unavailable" as const, reason: `the registry did not answer: ${error.message}` })

const clusterKeysDiffer = {
  _tag: "Unavailable",
  reason: "the registry's answer does not open: ROOST_CLUSTER_KEY of registry and session-actors differ"
} as const

const utf8 = new TextEncoder()
