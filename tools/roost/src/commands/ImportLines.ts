import { Effect, Option, Stream } from "effect"
import { Csv } from "effect/encoding"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { faultOfBeginning, type TextFault, unreadable } from "../api/GivenFile.ts"
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
  readonly #file: string
  #line = 0
  #begun = false
  #heading: Heading | undefined
  #devices = 0

  /** `file`: as it is named to the one who gave it. */
  constructor(file = "standard input") {
    this.#file = file
  }

  /** Undefined: it registers nothing. */
  read(given: string): Effect.Effect<ImportLine | undefined, Failure> {
    const line = ++this.#line
    const text = (line === 1 ? given.replace(/^\uFEFF/, "") : given).trim()
    if (text === "") return Effect.succeed(undefined)
    if (!this.#begun) {
      this.#begun = true
      const fault = faultOfBeginning(text) ?? faultOfFirst(text)
      if (fault !== undefined) return this.#unusable(fault)
      this.#heading = headingOf(text)
      if (this.#heading !== undefined) return Effect.succeed(undefined)
    }
    this.#devices++
    return this.#lineOf(line, text)
  }

  /** A file that registers nothing is hardly what was meant. */
  end(): Effect.Effect<void, Failure> {
    if (this.#devices > 0) return Effect.void
    return this.#begun
      ? this.#unusable({ what: "it has a heading and no device", cure: "each line below the heading is a device" })
      : this.#unusable({ what: "it is empty", cure: "whatever wrote it may have failed" })
  }

  #unusable({ cure, what }: TextFault): Effect.Effect<never, Failure> {
    return new Failure({ outcome: "unusable", what: `${this.#file}: ${what}`, expected: expectedFile, cure })
  }

  #lineOf(line: number, text: string): Effect.Effect<ImportLine> {
    if (text.startsWith("{")) return Effect.succeed({ line, text })
    if (this.#heading === undefined) return Effect.succeed({ line, text: JSON.stringify({ deviceKey: text }) })
    return Effect.map(recordOf(this.#heading, text), (record) => ({ line, text: JSON.stringify(record) }))
  }
}

const expectedFile = "a file of lines: JSON, CSV with a heading, or device keys; - is standard input"

interface Heading {
  readonly text: string
  readonly separator: string
}

/** Spreadsheets of half of Europe write semicolons. */
const separators = [",", ";", "\t"]

const headingOf = (text: string): Heading | undefined => {
  const separator = separators.find((each) => text.split(each).some((name) => unquoted(name) === keyColumn))
  return separator === undefined ? undefined : { text, separator }
}

const unquoted = (name: string): string => name.trim().replace(/^"(.*)"$/, "$1")

/** Beginnings of files that are no lines of devices: their lines would be refused one by one. */
const faultOfFirst = (text: string): TextFault | undefined => {
  if (text.startsWith("[")) {
    return { what: "it is a JSON array, not lines", cure: "jq -c '.[]' FILE writes lines, which - reads" }
  }
  const separator = text.startsWith("{") ? undefined : separators.find((each) => text.includes(each))
  if (separator === undefined || headingOf(text) !== undefined) return undefined
  return {
    what: `its first line has several columns and none is called ${keyColumn}: ${JSON.stringify(text.slice(0, 60))}`,
    cure: `a first line such as ${["deviceKey", "deviceName"].join(separator)}`
  }
}

/** Empty cells are fields that are absent. A line that is no CSV goes on as it is: Roost says what is wrong with it. */
const recordOf = (heading: Heading, text: string): Effect.Effect<object> =>
  Stream.make(`${heading.text}\n${text}\n`).pipe(
    Stream.pipeThroughChannel(Csv.decodeString({ headers: true, delimiter: heading.separator })),
    Stream.runHead,
    Effect.map(Option.getOrElse(() => ({}))),
    Effect.map((record) => Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== ""))),
    Effect.orElseSucceed(() => ({ [keyColumn]: text }))
  )

/** Of a file, or of standard input (`-`). */
export const importLines = (file: string): Stream.Stream<ImportLine, Failure> => {
  const reader = new LineReader(file === "-" ? undefined : file)
  const input = file === "-" ? process.stdin : createReadStream(file)
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  input.once("error", failed.reject)
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
  return Stream.fromAsyncIterable(
    { [Symbol.asyncIterator]: () => ({ next: () => Promise.race([lines.next(), failed.promise]) }) },
    (error) => unreadable(file, error as NodeJS.ErrnoException, expectedFile)
  ).pipe(
    Stream.mapEffect((text) => reader.read(text)),
    Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => reader.end())))),
    Stream.filter((line) => line !== undefined),
    Stream.ensuring(Effect.sync(() => file !== "-" && input.destroy()))
  )
}
