import { RegistryApi, secretRoles } from "@roost/contracts"
import { recordingPcapng } from "@roost/flight-recorder"
import { grantedOf, noteBefore, noteReading, requireGranted, requireRole } from "@roost/http"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Recordings } from "./Recordings.ts"
import { shownEntry } from "./ShownMessage.ts"

export const RecordingHandlers = HttpApiBuilder.group(
  RegistryApi,
  "recordings",
  Effect.fnUntraced(function* (handlers) {
    const recordings = yield* Recordings
    /** That the caller may see: one of an address has devices of any product. */
    const seen = (id: string) => Effect.tap(recordings.get(id), ({ productKey }) => requireGranted(productKey))
    return handlers.handleAll({
      beginRecording: ({ payload }) => recordings.begin(payload),
      listRecordings: () => Effect.map(Effect.flatMap(recordings.list, grantedOf), (list) => ({ recordings: list })),
      getRecording: Effect.fnUntraced(function* ({ params: { id } }) {
        const recording = yield* seen(id)
        return { recording, entries: (yield* recordings.entries(id)).map(shownEntry) }
      }),
      exportRecording: Effect.fnUntraced(function* ({ params: { id }, query: { secrets = false } }) {
        const recording = yield* seen(id)
        const entries = yield* recordings.entries(id)
        if (secrets) {
          yield* requireRole(secretRoles, recording.productKey)
          yield* recordings.noteExport(recording)
          yield* noteReading({ recording, secrets })
        }
        return recordingPcapng(entries, { secrets })
      }),
      deleteRecording: ({ params: { id } }) =>
        Effect.andThen(noteBefore(seen(id)), Effect.andThen(seen(id), recordings.forget(id)))
    })
  })
)
