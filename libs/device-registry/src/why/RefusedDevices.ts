import { BoundedMap } from "@roost/bounded"
import { DeviceEvent, Streams } from "@roost/contracts"
import type { NatsConnection, TailMessage } from "@roost/nats"
import { Context, Effect, Layer, Result, Schema } from "effect"
import { addressMatcher } from "../StrangerLog.ts"
import { followNewest } from "../followNewest.ts"

/** Refusals of registered devices that are kept, to be found by address: the database finds them by their device. */
const refusedMax = 5_000

/** The newest refusals of registered devices, newest first. */
export class RefusedDevices extends Context.Service<
  RefusedDevices,
  { readonly at: (address: string, limit: number) => ReadonlyArray<DeviceEvent> }
>()("@roost/device-registry/RefusedDevices") {
  /** Each instance reads the stream EVENT for itself, from as far back as it keeps. */
  static readonly layer: Layer.Layer<RefusedDevices, never, NatsConnection> = Layer.effect(
    RefusedDevices,
    Effect.gen(function* () {
      const kept = new BoundedMap<number, DeviceEvent>(refusedMax)
      yield* Effect.forkScoped(
        followNewest({
          stream: Streams.event.name,
          filterSubject: Streams.event.subjects[0]!,
          kept: refusedMax,
          clear: () => {
            for (const [sequence] of kept) kept.delete(sequence)
          },
          onMessage: (message) => {
            const event = refusalOf(message)
            if (event !== undefined) kept.set(message.sequence, event)
          }
        })
      )
      return RefusedDevices.of({ at: (address, limit) => newestAt(kept, address, limit) })
    })
  )

  /** Nothing is read. */
  static readonly layerNone = Layer.succeed(RefusedDevices, RefusedDevices.of({ at: () => [] }))
}

const newestAt = (
  kept: Iterable<readonly [number, DeviceEvent]>,
  address: string,
  limit: number
): ReadonlyArray<DeviceEvent> => {
  const isHere = addressMatcher(address)
  const found: Array<DeviceEvent> = []
  for (const [, event] of kept) if (isHere(event.address)) found.push(event)
  return found.toSorted((one, other) => other.at - one.at).slice(0, limit)
}

/** Events without a code, and those of Roost itself, are nobody's refusal. */
const refusalOf = ({ data }: TailMessage): DeviceEvent | undefined => {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8")
  if (!text.includes('"code":"')) return undefined
  const decoded = decode(text)
  return Result.isSuccess(decoded) && decoded.success.code !== undefined ? decoded.success : undefined
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(DeviceEvent))
