import { parseJson } from "@roost/enos"
import { Deferred, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { deviceName, withNearestNames } from "../api/DeviceName.ts"
import { cellOf, localTime } from "../output/Cells.ts"
import { csvCell, csvLine } from "../output/Csv.ts"
import { Output, paint, Printer } from "../output/Printer.ts"
import { yamlOf } from "../output/Documents.ts"
import { followEvents, type StreamedEvent } from "./EventStream.ts"

type Fields = Readonly<Record<string, unknown>>

export const watchCommand = Command.make(
  "watch",
  {
    device: Argument.String("device").pipe(
      Argument.withDescription(
        "PRODUCT/DEVICE, or a product key and a slash for all of its devices; all devices without it"
      ),
      Argument.optional
    ),
    kinds: Flag.String("kinds").pipe(
      Flag.withMetavar("A,B"),
      Flag.withDescription("of these kinds: uplink, presence, command, log (default: all but log)"),
      Flag.optional
    ),
    since: Flag.String("since").pipe(
      Flag.withMetavar("ID"),
      Flag.withDescription("what came after the event with this id; uplink=0 for all uplinks that are kept"),
      Flag.optional
    ),
    count: Flag.Int("count").pipe(Flag.withDescription("end after so many events (default: Ctrl-C)"), Flag.optional)
  },
  Effect.fnUntraced(function* ({ count, device, kinds, since }) {
    const printer = yield* Printer
    const place = yield* Option.match(device, { onNone: () => Effect.succeed({}), onSome: placeOf })
    const query = { ...place, ...(Option.isSome(kinds) ? { kinds: kinds.value } : {}) }
    const lineOf = yield* lines
    if ((yield* Output) === "csv") yield* printer.out(csvLine(csvColumns))
    let left = Option.getOrElse(count, () => Infinity)
    const enough = yield* Deferred.make<void>()
    const following = followEvents({
      query,
      lastId: Option.getOrUndefined(since),
      onEvent: (event) =>
        left-- <= 0
          ? Effect.void
          : Effect.andThen(printer.out(lineOf(event)), left > 0 ? Effect.void : Deferred.succeed(enough, undefined)),
      onBreak: (why) => printer.tell(`roost: ${why}`)
    })
    return yield* Effect.raceFirst(withNearestNames(following, place), Deferred.await(enough))
  })
).pipe(
  Command.withDescription(
    "Follow what devices say, who is online, and what becomes of commands, as it happens, until Ctrl-C. A stream that breaks off goes on where it was. " +
      "With --output json, a line of JSON for each event; its id goes on from there with --since."
  ),
  Command.withShortDescription("Follow what devices say, who is online, and what becomes of commands"),
  Command.withExamples([
    { command: "roost watch", description: "Everything of all devices" },
    { command: "roost watch demo/demo-meter --kinds uplink", description: "What one device reports" },
    {
      command: "roost watch meters/ --output json | jq .data.payload",
      description: "Of a product's devices, for a program"
    }
  ])
)

const placeOf = (text: string) =>
  text.endsWith("/")
    ? Effect.succeed({ productKey: text.slice(0, -1) })
    : Effect.map(deviceName(text), (name) => ({ ...name }))

/** How an event is written. */
const lines = Effect.gen(function* () {
  const format = yield* Output
  const printer = yield* Printer
  if (format === "json") {
    // `data` stands as it came: its numbers are as the device wrote them.
    return ({ data, event, id }: StreamedEvent) =>
      `{"id":${JSON.stringify(id)},"event":${JSON.stringify(event)},"data":${data}}`
  }
  if (format === "yaml") {
    return ({ data, event, id }: StreamedEvent) => `---\n${yamlOf({ id, event, data: parseJson(data) })}`
  }
  if (format === "csv") {
    return ({ data, event, id }: StreamedEvent) => {
      const fields = parseJson(data) as Fields
      const { deviceKey, productKey } = fields
      const cells = { time: timeOf(fields), event, productKey, deviceKey, id, data }
      return csvLine(csvColumns.map((name) => csvCell(name, cells[name])))
    }
  }
  return ({ data, event }: StreamedEvent) => {
    const fields = parseJson(data) as Fields
    const device = `${cellOf("", fields["productKey"])}/${cellOf("", fields["deviceKey"])}`
    const at = timeOf(fields)
    const time = typeof at === "number" ? localTime(at).slice(11, 19) : "        "
    return `${paint(printer, "dim", time)}  ${event.padEnd(8)}  ${paint(printer, "bold", device)}  ${summaryOf(event, fields)}`
  }
})

/** `data` is the event as `json` has it. */
const csvColumns = ["time", "event", "productKey", "deviceKey", "id", "data"] as const

const timeOf = (fields: Fields): unknown => fields["time"] ?? fields["at"] ?? fields["finishedAt"]

const summaryOf = (event: string, fields: Fields): string => {
  switch (event) {
    case "uplink": {
      const params = (fields["payload"] as { readonly params?: unknown } | undefined)?.params
      return `${cellOf("", fields["kind"])} ${cellOf("", params ?? fields["payload"] ?? fields["raw"])}`
    }
    case "presence":
      return `${cellOf("", fields["state"])} (${cellOf("", fields["cause"])})`
    case "command":
      return ["commandId", "kind", "identifier", "value", "state", "message"]
        .map((name) => cellOf("", fields[name]))
        .filter((text) => text !== "")
        .join(" ")
    default:
      return (
        [cellOf("", fields["kind"]), cellOf("", fields["reason"])].filter((text) => text !== "").join(": ") ||
        cellOf("", fields)
      )
  }
}
