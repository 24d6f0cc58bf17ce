import type { ApplicationEvent, MqttTarget } from "@roost/contracts"
import { Effect, type Scope } from "effect"
import { connect, type MqttClient } from "mqtt"
import type { SinkWriter } from "../delivery/SinkWriter.ts"
import { type TargetFault, targetFault } from "../delivery/TargetFault.ts"
import { mqttFault } from "./mqttFault.ts"
import { topicDefault, topicOf } from "./topicOf.ts"

const connectMillisMax = 10_000
/** All of a batch has to be acknowledged within. */
const writeMillisMax = 20_000

/** Publishes each event at QoS 1 over MQTT 5; a batch is done when the broker has acknowledged all of it. */
export const openMqtt = Effect.fnUntraced(function* (
  target: MqttTarget,
  /** The broker ends another connection that has the same. */
  clientId: string
): Effect.fn.Return<SinkWriter, never, Scope.Scope> {
  const template = target.topic ?? topicDefault
  const place = URL.parse(target.url)?.host ?? "?"
  let client: MqttClient | undefined
  const close = () => {
    client?.end(true)
    client = undefined
  }
  yield* Effect.acquireRelease(Effect.void, () => Effect.sync(close))

  const connected = Effect.suspend(() =>
    client?.connected === true
      ? Effect.succeed(client)
      : Effect.callback<MqttClient, TargetFault>((resume) => {
          close()
          const opened = connect(target.url, optionsOf(target, clientId))
          client = opened
          // Without a listener an error of the connection would end the process.
          opened.on("error", (error) => resume(Effect.fail(mqttFault(error, target.url, true))))
          opened.once("close", () => resume(Effect.fail(closedFault(place))))
          opened.once("connect", () => resume(Effect.succeed(opened)))
        })
  )

  const publish = (opened: MqttClient, events: ReadonlyArray<ApplicationEvent>) =>
    Effect.callback<void, TargetFault>((resume) => {
      const onClose = () => resume(Effect.fail(closedFault(place)))
      opened.once("close", onClose)
      Promise.all(
        events.map((event) =>
          opened.publishAsync(topicOf(template, event), JSON.stringify(event), {
            qos: 1,
            properties: {
              payloadFormatIndicator: true,
              contentType: "application/json",
              userProperties: { id: event.id, type: event.type }
            }
          })
        )
      ).then(
        () => resume(Effect.void),
        (error: unknown) => resume(Effect.fail(mqttFault(error, target.url)))
      )
      return Effect.sync(() => opened.off("close", onClose))
    })

  const guarded = <A>(work: Effect.Effect<A, TargetFault>, millis: number) =>
    work.pipe(
      // As for PostgreSQL: the time-out ends it also while the end of a scope waits for the batch.
      Effect.interruptible,
      Effect.timeoutOrElse({
        duration: millis,
        orElse: () =>
          Effect.fail(
            targetFault("target", "sink-unreachable", `the broker at ${place} is silent for ${millis / 1000} s`)
          )
      }),
      Effect.tapError(() => Effect.sync(close))
    )

  return {
    batchMax: 512,
    batchEveryMillis: 20,
    test: Effect.asVoid(guarded(connected, connectMillisMax)),
    write: (events) =>
      guarded(connected, connectMillisMax).pipe(
        Effect.flatMap((opened) => guarded(publish(opened, events), writeMillisMax))
      )
  }
})

const optionsOf = ({ ca, password, url }: MqttTarget, clientId: string) => ({
  protocolVersion: 5 as const,
  clientId,
  clean: true,
  // A new connection is this writer's decision: it publishes again what the one before did not acknowledge.
  reconnectPeriod: 0,
  connectTimeout: connectMillisMax,
  keepalive: 30,
  ...(password === undefined ? {} : { password }),
  ...(ca === undefined ? {} : { ca }),
  ...userOf(url)
})

const userOf = (url: string) => {
  const user = URL.parse(url)?.username ?? ""
  return user === "" ? {} : { username: decodeURIComponent(user) }
}

const closedFault = (place: string) =>
  targetFault("target", "sink-unreachable", `the broker at ${place} closed the connection, or something on the way did`)
