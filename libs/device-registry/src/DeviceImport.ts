import type { DeviceCredential, ImportResult, NewDevice } from "@roost/contracts"
import { codeAndLink, type RefusalCode } from "@roost/explain"
import { Duration, Effect, Result, Stream } from "effect"
import { readImportLine } from "./ImportLine.ts"
import { importBatchesWaitingMax, importBatchMax, importLineBytesMax, importRestMillisMax } from "./Limits.ts"
import { type NdjsonLine, NdjsonLines } from "./Ndjson.ts"
import type { Registry } from "./Registry.ts"

type Line =
  | { readonly _tag: "Device"; readonly line: number; readonly device: NewDevice }
  | (ImportResult & { readonly _tag: "Refused" })

/**
 * Registers the devices of an NDJSON body as it comes in, a transaction per `importBatchMax` lines, and answers every
 * line. A refused line stops nothing; a body that breaks off has registered what was answered.
 */
export const importDevices = <E>(
  registry: Registry["Service"],
  productKey: string,
  body: Stream.Stream<Uint8Array, E>
): Stream.Stream<ImportResult, E> =>
  Stream.suspend(() => {
    const splitter = new NdjsonLines(importLineBytesMax)
    let imported = 0
    let left = 0
    return body.pipe(
      Stream.flatMap((chunk) => Stream.fromIterable(splitter.push(chunk))),
      Stream.concat(Stream.suspend(() => Stream.fromIterable(splitter.end()))),
      Stream.grouped(importBatchMax),
      Stream.mapEffect((lines) => resting(registerBatch(registry, productKey, lines))),
      // Not only as the answers are read: a client that reads nothing before its last line would wait for us, and we for it.
      Stream.buffer({ capacity: importBatchesWaitingMax }),
      Stream.flatMap((results) => {
        const taken = results.filter((result) => result._tag === "Imported").length
        imported += taken
        left += results.length - taken
        return Stream.fromIterable(results)
      }),
      Stream.concat(Stream.suspend(() => Stream.succeed<ImportResult>({ _tag: "Done", imported, refused: left })))
    )
  })

const registerBatch = Effect.fnUntraced(function* (
  registry: Registry["Service"],
  productKey: string,
  texts: ReadonlyArray<NdjsonLine>
) {
  const lines = texts.map((text) => longEnough(registry, readLine(text)))
  const devices = lines.flatMap((line) => (line._tag === "Device" ? [line.device] : []))
  // Deleted meanwhile.
  const created = yield* Effect.result(registry.createDevices(productKey, devices))
  const taken: Refusal = Result.isSuccess(created)
    ? { code: "device-key-exists", reason: "the product has a device with this key" }
    : { code: "no-such-product", reason: created.failure.detail ?? "" }
  const credentials = Result.getOrElse(created, () => [])
  let next = 0
  return lines.map((line): ImportResult => (line._tag === "Device" ? resultOf(line, credentials[next++], taken) : line))
})

/** Then gives as much time to all who wait for the thread. */
const resting = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const [took, result] = yield* Effect.timed(work)
  yield* Effect.sleep(Duration.min(took, Duration.millis(importRestMillisMax)))
  return result
})

const longEnough = (registry: Registry["Service"], line: Line): Line => {
  const reason = line._tag === "Device" ? registry.secretFault(line.device.deviceSecret) : undefined
  if (reason === undefined || line._tag !== "Device") return line
  return refused(line.line, { code: "secret-too-short", reason }, line.device.deviceKey)
}

const resultOf = (
  { line, device }: Line & { readonly _tag: "Device" },
  credential: DeviceCredential | undefined,
  taken: Refusal
): ImportResult =>
  credential === undefined ? refused(line, taken, device.deviceKey) : { _tag: "Imported", line, ...credential }

const readLine = (line: NdjsonLine): Line => {
  const read = readImportLine(line)
  return Result.isSuccess(read)
    ? { _tag: "Device", line: line.line, device: read.success }
    : refused(line.line, { code: "bad-request", reason: read.failure })
}

interface Refusal {
  readonly code: RefusalCode
  readonly reason: string
}

const refused = (
  line: number,
  { code, reason }: Refusal,
  deviceKey?: string
): ImportResult & { readonly _tag: "Refused" } => ({
  _tag: "Refused",
  line,
  ...(deviceKey !== undefined && { deviceKey }),
  ...codeAndLink(code),
  reason
})
