import { Effect, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { createWriteStream } from "node:fs"
import { Writable } from "node:stream"
import { Api } from "../api/Api.ts"
import { deviceName, withNearestNames } from "../api/DeviceName.ts"
import { operations } from "../api/Operation.ts"
import { requestOf } from "../api/Request.ts"
import { durationSeconds } from "../api/Times.ts"
import { ofResponse } from "../api/Unanswered.ts"
import { FoundContext } from "../context/FindContext.ts"
import { Failure } from "../Failure.ts"
import { printAnswer } from "../output/print.ts"
import { Printer } from "../output/Printer.ts"
import { isAddress } from "./whyCommand.ts"

const minuteSeconds = 60

export const recordCommand = Command.make(
  "record",
  {
    who: Argument.String("device|address").pipe(
      Argument.withDescription("PRODUCT/DEVICE, or an IP address, with or without :port")
    ),
    for: Flag.String("for").pipe(
      Flag.withMetavar("DURATION"),
      Flag.withDescription("how long, in whole minutes; it ends by itself (default: 10m)"),
      Flag.withDefault("10m"),
      Flag.mapTryCatch(durationSeconds, (error) => (error as Error).message)
    ),
    secrets: Flag.Boolean("secrets").pipe(
      Flag.withDescription("of a device: record the secrets of its handshakes, too"),
      Flag.withDefault(false)
    ),
    quiet: Flag.Boolean("quiet").pipe(
      Flag.withAlias("q"),
      Flag.withDescription("print the recording's id alone"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ for: seconds, quiet, secrets, who }) {
    const { call } = yield* Api
    const printer = yield* Printer
    const device = isAddress(who) ? undefined : yield* deviceName(who)
    const place = device === undefined ? { address: who } : { ...device, ...(secrets ? { secrets } : {}) }
    const operation = operations.get("beginRecording")!
    const body = { ...place, minutes: Math.ceil(seconds / minuteSeconds) }
    const request = yield* requestOf(operation, { params: {}, query: {}, headers: {}, body })
    const recording = yield* withNearestNames(call(operation, request), device ?? {})
    const { id } = recording as { readonly id: string }
    if (quiet) return yield* printer.out(id)
    yield* printAnswer(recording)
    yield* printer.tell(`roost recordings get ${id}, roost recordings export ${id} FILE.pcapng, also while it runs`)
  })
).pipe(
  Command.withDescription(
    "Record every datagram, record, handshake step, CoAP message and decision of a device or an address for some minutes"
  ),
  Command.withShortDescription("Record what a device or an address says and hears"),
  Command.withExamples([
    { command: "roost record demo/demo-meter --for 10m", description: "Begin; it ends by itself" },
    { command: "roost record 192.0.2.7 --for 5m -q", description: "Whoever comes from there; prints the id" }
  ])
)

export const exportCommand = Command.make(
  "export",
  {
    id: Argument.String("id").pipe(Argument.withDescription("of the recording")),
    file: Argument.String("file").pipe(
      Argument.withDescription("file to write, such as meter.pcapng; - for standard output")
    ),
    secrets: Flag.Boolean("secrets").pipe(
      Flag.withDescription("with the secrets of handshakes; an event of the device tells of it"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ file, id, secrets }) {
    const { respond } = yield* Api
    const found = yield* FoundContext
    const printer = yield* Printer
    const operation = operations.get("exportRecording")!
    const query = secrets ? { secrets: "true" } : {}
    const request = yield* requestOf(operation, { params: { id }, query, headers: {}, body: undefined })
    const response = yield* respond(operation, request)
    if (response.status >= 400) {
      const text = yield* response.text.pipe(Effect.orElseSucceed(() => ""))
      return yield* ofResponse(response, text, found)
    }
    const output = file === "-" ? process.stdout : createWriteStream(file, { mode: 0o600 })
    yield* Effect.tryPromise({
      try: () => Stream.toReadableStream(response.stream).pipeTo(Writable.toWeb(output)),
      catch: (error) =>
        new Failure({
          outcome: "unusable",
          what: `${file} can't be written: ${(error as Error).message}`,
          expected: "the path of a file, or - for standard output"
        })
    })
    if (file !== "-") yield* printer.tell(`${file}: wireshark ${file}, or tshark -r ${file}`)
  })
).pipe(
  Command.withDescription("A recording for Wireshark: datagrams, and beside each record its CoAP message"),
  Command.withExamples([
    { command: "roost recordings export RECORDING meter.pcapng", description: "A file for Wireshark" },
    { command: "roost recordings export RECORDING - | tshark -r -", description: "Read at once" }
  ])
)
