import type { ApplicationEvent } from "@roost/contracts"
import { parseJson } from "@roost/enos"
import { type ConversionFailure, type Script, ScriptPool } from "@roost/raw-script"
import { Context, Effect, Layer } from "effect"
import { targetFault, type TargetFault } from "./TargetFault.ts"

/** Events of one sink that wait for its script at once; the pool refuses more than 256. */
const mappedTogetherMax = 200

/** The event that a script made of an event: another one with its id and owner, or none. */
export type Mapped = ApplicationEvent | undefined

/** Scripts of sinks, each in a sandbox (libs/raw-script). */
export class SinkScripts extends Context.Service<
  SinkScripts,
  {
    /** In the order of `events`; a fault where the script could not map one. */
    readonly map: (
      script: Script,
      events: ReadonlyArray<ApplicationEvent>
    ) => Effect.Effect<ReadonlyArray<Mapped | TargetFault>>
    /** Why the script can't be run at all; undefined if it can. */
    readonly check: (script: Script) => Effect.Effect<ConversionFailure | undefined>
  }
>()("@roost/event-sinks/SinkScripts") {
  static readonly layer = Layer.effect(
    SinkScripts,
    Effect.gen(function* () {
      const pool = yield* Effect.acquireRelease(
        Effect.sync(() => new ScriptPool()),
        (pool) => Effect.promise(() => pool.close())
      )
      const mapOne = (script: Script, event: ApplicationEvent) =>
        Effect.callback<Mapped | TargetFault>((resume) =>
          pool.convert(script, "map", Buffer.from(JSON.stringify(event)), (conversion) => {
            if (conversion._tag === "Converted") return resume(Effect.succeed(mappedOf(event, conversion.bytes)))
            resume(Effect.succeed(faultOf(conversion)))
          })
        )
      return SinkScripts.of({
        map: (script, events) =>
          Effect.forEach(events, (event) => mapOne(script, event), { concurrency: mappedTogetherMax }),
        check: (script) =>
          Effect.callback((resume) =>
            pool.check(
              script,
              (conversion) => resume(Effect.succeed(conversion._tag === "Failed" ? conversion : undefined)),
              "map"
            )
          )
      })
    })
  )
}

const faultOf = ({ message, reason }: ConversionFailure): TargetFault =>
  targetFault("events", "sink-script", `the script: ${reason}, ${message}`)

/** Id, type and owner stay the event's: by them it is known when it comes again. */
const mappedOf = (event: ApplicationEvent, bytes: Uint8Array): Mapped | TargetFault => {
  const value = parseJson(Buffer.from(bytes).toString("utf8"))
  if (value === null) return undefined
  if (typeof value !== "object" || Array.isArray(value)) {
    return targetFault("events", "sink-script", "the script: map gave neither an object nor null")
  }
  const { deviceKey, id, productKey, type } = event
  return { time: event["time"], ...value, type, id, productKey, deviceKey }
}
