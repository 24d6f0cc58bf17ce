import { type DeviceEvent, type DeviceEventKind, type Recording, Subjects } from "@roost/contracts"
import { EventPublisher } from "@roost/nats"
import { Clock, Context, Effect, Layer } from "effect"

/** A recording of a device is told in the device's own log, and so is whoever exports its secrets. */
export class RecordingEvents extends Context.Service<
  RecordingEvents,
  {
    readonly begun: (recording: Recording) => Effect.Effect<void>
    readonly exported: (recording: Recording) => Effect.Effect<void>
  }
>()("@roost/device-registry/RecordingEvents") {
  static readonly layer = Layer.effect(
    RecordingEvents,
    Effect.map(EventPublisher, (events) => {
      const tell = Effect.fnUntraced(function* (recording: Recording, kind: DeviceEventKind, reason: string) {
        const { deviceKey, id, productKey } = recording
        yield* Effect.logInfo(`recording ${id}: ${reason}`)
        if (productKey === undefined || deviceKey === undefined) return
        const at = yield* Clock.currentTimeMillis
        const event: DeviceEvent = { productKey, deviceKey, kind, at, address: "", reason, detail: { recording: id } }
        events.publish("event", Subjects.event(productKey, deviceKey, kind), event)
      })
      return RecordingEvents.of({
        begun: (recording) => {
          const secrets = recording.secrets ? ", with the secrets of its handshakes" : ""
          const until = new Date(recording.until).toISOString()
          return tell(recording, "recording-begun", `what is said and heard is recorded until ${until}${secrets}`)
        },
        exported: (recording) =>
          tell(
            recording,
            "secrets-exported",
            "the recording was exported with the secrets of handshakes: whoever has it can read what these sessions carry"
          )
      })
    })
  )
}
