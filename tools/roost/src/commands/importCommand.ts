import { ImportResult } from "@roost/contracts"
import { Effect, Option, Schema, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withNearestNames } from "../api/DeviceName.ts"
import { Api } from "../api/Api.ts"
import { operations } from "../api/Operation.ts"
import { ofResponse } from "../api/Unanswered.ts"
import { FoundContext } from "../context/FindContext.ts"
import { exitCodes } from "../ExitCode.ts"
import { Failure, SaidNo } from "../Failure.ts"
import { yamlOf } from "../output/Documents.ts"
import { csvLine } from "../output/Csv.ts"
import { Output, Printer } from "../output/Printer.ts"
import { Table } from "../output/Table.ts"
import { type ImportLine, importLines } from "./ImportLines.ts"

/** Lines of one request: what is printed while the next ones are under way, and what a broken connection leaves unknown. */
const linesPerRequest = 1_000

export const importCommand = Command.make(
  "import",
  {
    product: Argument.String("product").pipe(Argument.withDescription("product of the devices")),
    file: Argument.String("file").pipe(
      Argument.withDescription(
        "lines of JSON, CSV whose first line names deviceKey, or a device key a line; - for standard input"
      )
    ),
    idempotencyKey: Flag.String("idempotency-key").pipe(
      Flag.withMetavar("TEXT"),
      Flag.withDescription(
        "the same at a second try after the connection broke: what the first one registered is told again"
      ),
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ file, idempotencyKey, product }) {
    const writer = yield* resultWriter
    const printer = yield* Printer
    const count = { imported: 0, refused: 0 }
    let batch = 0
    // Whoever reads the secrets may leave before the last: it ends there, and is not done.
    process.exitCode = exitCodes.saysNo.code
    const importing = importLines(file).pipe(
      Stream.grouped(linesPerRequest),
      Stream.runForEach((lines) =>
        Effect.gen(function* () {
          const key = Option.map(idempotencyKey, (text) => `${text}-${batch++}`)
          yield* importBatch(product, lines, Option.getOrUndefined(key), (result) => {
            count[result._tag === "Imported" ? "imported" : "refused"]++
            return writer.result(result)
          })
          if (progressShown) yield* writer.progress(`${count.imported} registered, ${count.refused} refused`)
        })
      )
    )
    yield* withNearestNames(importing, { productKey: product }).pipe(
      Effect.tapError(() => printer.tell(`${count.imported} registered, ${count.refused} refused, then it ended:`))
    )
    process.exitCode = 0
    yield* writer.progress("")
    yield* printer.tell(`${count.imported} registered, ${count.refused} refused`)
    if (count.refused > 0) return yield* new SaidNo({ outcome: "saysNo" })
  })
).pipe(
  Command.withDescription(
    "Register many devices from a file. Standard output has their secrets, which are not told again; standard error the lines that were refused, and why. " +
      "Refused lines stop no others; the exit code is 1 then."
  ),
  Command.withShortDescription("Register many devices from a file"),
  Command.withExamples([
    {
      command: "roost import meters devices.ndjson > secrets.txt",
      description: "Keep the secrets, see the refused lines"
    },
    {
      command: "seq -f meter-%04g 1000 | roost import meters - --output json",
      description: "A thousand keys, a line of JSON for each"
    }
  ])
)

/** Progress is for people who look. */
const progressShown = process.stderr.isTTY === true

type Told = Exclude<ImportResult, { readonly _tag: "Done" }>

const importBatch = Effect.fnUntraced(function* (
  productKey: string,
  lines: ReadonlyArray<ImportLine>,
  key: string | undefined,
  onResult: (result: Told) => Effect.Effect<void>
) {
  const { respond } = yield* Api
  const found = yield* FoundContext
  const operation = operations.get("importDevices")!
  const body = new TextEncoder().encode(lines.map(({ text }) => `${text}\n`).join(""))
  const response = yield* respond(operation, {
    params: { productKey },
    payload: Stream.make(body),
    ...(key === undefined ? {} : { more: { "idempotency-key": key } })
  })
  if (response.status >= 400) {
    const text = yield* response.text.pipe(Effect.orElseSucceed(() => ""))
    return yield* ofResponse(response, text, found)
  }
  let done = false
  yield* response.stream.pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.filter((text) => text !== ""),
    Stream.mapEffect((text) => readResult(text)),
    Stream.runForEach((result) => {
      if (result._tag !== "Done") return onResult({ ...result, line: lines[result.line - 1]?.line ?? result.line })
      done = true
      return Effect.void
    }),
    Effect.mapError(brokeOff)
  )
  if (!done) return yield* brokeOff("it ended before its last line")
})

const readResult = Schema.decodeUnknownEffect(Schema.fromJsonString(ImportResult))

const brokeOff = (error: unknown): Failure =>
  new Failure({
    outcome: "noConnection",
    what: `the answer broke off: ${error instanceof Error ? error.message : String(error)}`,
    cause: "the registry or the network went away; lines of the last request may be registered without their secrets",
    cure: "with --idempotency-key the same command tells those secrets again; else roost devices rotate-secret makes new ones"
  })

/** Where results and progress go. */
const resultWriter = Effect.gen(function* () {
  const printer = yield* Printer
  const format = yield* Output
  const table = new Table(["PRODUCT KEY", "DEVICE KEY", "DEVICE SECRET"], { ...printer, columns: undefined })
  const line = ({ deviceKey, line, ...result }: Told): string =>
    `line ${line}: ${deviceKey === undefined ? "" : `${deviceKey}: `}${result._tag === "Refused" ? result.reason : ""}`
  let headed = false
  return {
    result: (result: Told): Effect.Effect<void> => {
      if (format === "json") return printer.out(JSON.stringify(result))
      if (format === "yaml") return printer.out(yamlOf([result]))
      if (result._tag === "Refused") return printer.tell(line(result))
      const { deviceKey, deviceSecret, productKey } = result
      if (format === "csv") {
        const heading = headed ? [] : [csvLine(["productKey", "deviceKey", "deviceSecret"])]
        headed = true
        return Effect.forEach([...heading, csvLine([productKey, deviceKey, deviceSecret])], printer.out, {
          discard: true
        })
      }
      return Effect.forEach(table.linesOf([[productKey, deviceKey, deviceSecret]]), printer.out, { discard: true })
    },
    progress: (text: string): Effect.Effect<void> =>
      Effect.sync(() => void (progressShown && process.stderr.write(`\r\u001b[K${text}`)))
  }
})
