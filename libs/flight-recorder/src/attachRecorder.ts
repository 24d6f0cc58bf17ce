import {
  BatchForm,
  RecordedBatch,
  type RecordedEntry,
  recordingContext,
  type Sealing,
  Subjects,
  Taps
} from "@roost/contracts"
import { FrameBus } from "@roost/nats"
import { Effect, Result, Schema, type Scope } from "effect"
import { FlightRecorder } from "./FlightRecorder.ts"

/** While something is recorded it is told so often. */
const tellMillis = 250

export interface AttachOptions {
  /** Id of this edge or node. */
  readonly process: string
  readonly now: () => number
  readonly wallOf: (now: number) => number
  /** Absent where there is no cluster key: the registry seals it then. */
  readonly sealing?: Sealing
}

/** A recorder of this process: it hears on the bus what is to be recorded, and tells there what was. No timer runs while nothing is. */
export const attachRecorder = Effect.fnUntraced(function* ({
  now,
  process,
  sealing,
  wallOf
}: AttachOptions): Effect.fn.Return<FlightRecorder, never, FrameBus | Scope.Scope> {
  const bus = yield* FrameBus
  const recorder = new FlightRecorder({
    process,
    wallOf,
    publish: (id, entries) => void bus.publish(Subjects.recorded, encodeBatch(id, entries, sealing))
  })
  const clock: { timer?: NodeJS.Timeout | undefined } = {}
  const stop = () => {
    clearInterval(clock.timer)
    clock.timer = undefined
  }
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  yield* bus.subscribe(Subjects.recordings, (bytes) => {
    const told = decodeTaps(utf8.decode(bytes))
    if (Result.isFailure(told)) return
    recorder.setTaps(now(), told.success.taps)
    if (recorder.active)
      clock.timer ??= setInterval(() => {
        recorder.flush()
        if (!recorder.active) stop()
      }, tellMillis)
  })
  return recorder
})

const encodeBatch = (id: string, entries: ReadonlyArray<RecordedEntry>, sealing: Sealing | undefined): Uint8Array => {
  const form = sealing === undefined ? BatchForm.plain : BatchForm.sealed
  const plain = Buffer.from(JSON.stringify({ entries }), "utf8")
  const body = sealing === undefined ? plain : sealing.seal(recordingContext(id), plain)
  return Buffer.concat([Uint8Array.of(form, id.length), Buffer.from(id, "latin1"), body])
}

export interface Batch {
  readonly id: string
  readonly entries: ReadonlyArray<RecordedEntry>
}

/** The batch that a process told; undefined if it is sealed under another key, or is no batch. */
export const decodeBatch = (bytes: Uint8Array, sealing: Sealing): Batch | undefined => {
  const [form, idLength = 0] = bytes
  const id = Buffer.from(bytes.subarray(2, 2 + idLength)).toString("latin1")
  const body = bytes.subarray(2 + idLength)
  const plain = form === BatchForm.plain ? body : sealing.open(recordingContext(id), body)
  if (plain === undefined) return undefined
  const decoded = decodeEntries(utf8.decode(plain))
  return Result.isSuccess(decoded) ? { id, entries: decoded.success.entries } : undefined
}

const decodeTaps = Schema.decodeUnknownResult(Schema.fromJsonString(Taps))
const decodeEntries = Schema.decodeUnknownResult(Schema.fromJsonString(RecordedBatch))
const utf8 = new TextDecoder()
