import { parseHostPort, type Why } from "@roost/contracts"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { Api } from "../api/Api.ts"
import { deviceName, withNearestNames } from "../api/DeviceName.ts"
import { operations } from "../api/Operation.ts"
import { requestOf } from "../api/Request.ts"
import { FoundContext } from "../context/FindContext.ts"
import { SaidNo } from "../Failure.ts"
import { localTime, printable } from "../output/Cells.ts"
import { printAnswer } from "../output/print.ts"
import { Output, paint, Printer } from "../output/Printer.ts"

export const whyCommand = Command.make(
  "why",
  {
    who: Argument.String("device|address").pipe(
      Argument.withDescription("PRODUCT/DEVICE, or the IP address of whoever does not get in, with or without :port")
    )
  },
  Effect.fnUntraced(function* ({ who }) {
    const why = (yield* ask(who)) as Why
    if ((yield* Output) === "table") yield* print(why)
    else yield* printAnswer(why)
    if (why.findings.some(({ over }) => !over)) return yield* new SaidNo({ outcome: "saysNo" })
  })
).pipe(
  Command.withDescription(
    "Why a device does not do what it should, or somebody at an address does not get in: each cause with its cure, those that hold first. " +
      "Exit code 1: something holds."
  ),
  Command.withShortDescription("Why a device does not do what it should, or an address does not get in"),
  Command.withExamples([
    { command: "roost why demo/demo-meter", description: "Its log, session, commands and presence, read for causes" },
    { command: "roost why 192.0.2.7", description: "Who came from there and was refused" }
  ])
)

/** Keys of devices have no dots before a slash; an address has no slash. */
export const isAddress = (text: string): boolean => !text.includes("/") && parseHostPort(text) !== undefined

const ask = Effect.fnUntraced(function* (who: string) {
  const { call } = yield* Api
  const written = { params: {}, query: {}, headers: {}, body: undefined }
  if (isAddress(who)) {
    const operation = operations.get("whyAddress")!
    return yield* call(operation, yield* requestOf(operation, { ...written, query: { address: who } }))
  }
  const params = yield* deviceName(who)
  const operation = operations.get("whyDevice")!
  const request = yield* requestOf(operation, { ...written, params: { ...params } })
  return yield* withNearestNames(call(operation, request), params)
})

const print = Effect.fnUntraced(function* ({ findings, verdict }: Why) {
  const printer = yield* Printer
  const { url } = yield* FoundContext
  yield* printer.out(paint(printer, "bold", printable(verdict)))
  for (const { at, cause, code, cure, link, over, reason, sentence, times } of findings) {
    const mark = over ? paint(printer, "dim", "·") : paint(printer, "red", "✗")
    const often = times > 1 ? `, ${times} times` : ""
    yield* printer.out("")
    yield* printer.out(
      `${mark} ${paint(printer, "bold", code)}  ${paint(printer, "dim", `${localTime(at)}${often}${over ? ", over" : ""}`)}`
    )
    yield* printer.out(`    ${printable(sentence)}`)
    if (reason !== undefined) yield* printer.out(`    came      ${printable(reason)}`)
    yield* printer.out(`    cause     ${printable(cause)}`)
    yield* printer.out(`    cure      ${printable(cure)}`)
    yield* printer.out(`    ${paint(printer, "dim", new URL(link, url).href)}`)
  }
})
