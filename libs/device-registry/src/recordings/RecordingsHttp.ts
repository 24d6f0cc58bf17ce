import { RegistryApi } from "@roost/contracts"
import { recordingPcapng } from "@roost/flight-recorder"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Recordings } from "./Recordings.ts"
import { shownEntry } from "./ShownMessage.ts"

export const RecordingHandlers = HttpApiBuilder.group(
  RegistryApi,
  "recordings",
  Effect.fnUntraced(function* (handlers) {
    const recordings = yield* Recordings
    return handlers.handleAll({
      beginRecording: ({ payload }) => recordings.begin(payload),
      listRecordings: () => Effect.map(recordings.list, (list) => ({ recordings: list })),
      getRecording: Effect.fnUntraced(function* ({ params: { id } }) {
        const recording = yield* recordings.get(id)
        return { recording, entries: (yield* recordings.entries(id)).map(shownEntry) }
      }),
      exportRecording: Effect.fnUntraced(function* ({ params: { id }, query: { secrets = false } }) {
        const recording = yield* recordings.get(id)
        const entries = yield* recordings.entries(id)
        if (secrets) yield* recordings.noteExport(recording)
        return recordingPcapng(entries, { secrets })
      }),
      deleteRecording: ({ params: { id } }) => recordings.forget(id)
    })
  })
)
