import { Effect, Option, Stream } from "effect"
import { Csv } from "effect/encoding"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { Failure } from "../Failure.ts"

/** A line of the file, as the API takes it. */
export interface ImportLine {
  /** From 1. */
  readonly line: number
  /** JSON of a `NewDevice`. */
  readonly text: string
}

/** The column that makes a first line the heading of a CSV file. */
const keyColumn = "deviceKey"

/**
 * The devices that a file registers. It has lines of JSON as the API takes them, CSV whose first line names its columns, or a device key
 * a line. Empty lines are passed over.
 */
export class LineReader {
  #line = 0
  #header: string | undefined

  /** Undefined: it registers nothing. */
  read(given: string): Effect.Effect<ImportLine | undefined> {
    const line = ++this.#line
    const text = (line === 1 ? given.replace(/^\uFEFF/, "") : given).trim()
    if (text === "") return Effect.succeed(undefined)
    if (text.startsWith("{")) return Effect.succeed({ line, text })
    if (line === 1 && text.split(",").some((name) => name.trim() === keyColumn)) {
      this.#header = text
      return Effect.succeed(undefined)
    }
    if (this.#header === undefined) return Effect.succeed({ line, text: JSON.stringify({ deviceKey: text }) })
    return Effect.map(recordOf(this.#header, text), (record) => ({ line, text: JSON.stringify(record) }))
  }
}

/** Empty cells are fields that are absent. A line that is no CSV goes on as it is: Roost says what is wrong with it. */
const recordOf = (header: string, text: string): Effect.Effect<object> =>
  Stream.make(`${header}\n${text}\n`).pipe(
    Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
    Stream.runHead,
    Effect.map(Option.getOrElse(() => ({}))),
    Effect.map((record) => Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== ""))),
    Effect.orElseSucceed(() => ({ [keyColumn]: text }))
  )

/** Of a file, or of standard input (`-`). */
export const importLines = (file: string): Stream.Stream<ImportLine, Failure> => {
  const reader = new LineReader()
  const input = file === "-" ? process.stdin : createReadStream(file)
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  input.once("error", failed.reject)
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
  return Stream.fromAsyncIterable(
    { [Symbol.asyncIterator]: () => ({ next: () => Promise.race([lines.next(), failed.promise]) }) },
    (error) =>
      new Failure({
        outcome: "unusable",
        what: `${file} can't be read: ${(error as Error).message}`,
        expected: "a file of lines: JSON, CSV with a heading, or device keys; - is standard input"
      })
  ).pipe(
    Stream.mapEffect((text) => reader.read(text)),
    Stream.filter((line) => line !== undefined),
    Stream.ensuring(Effect.sync(() => file !== "-" && input.destroy()))
  )
}
