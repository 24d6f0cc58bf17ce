import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { printAnswer } from "../output/print.ts"
import { Api } from "./Api.ts"
import { deviceName, withNearestNames } from "./DeviceName.ts"
import { argumentOf, type FieldFlag, flagsOf, kebab } from "./FieldFlag.ts"
import { listAll, listFlags } from "./Listing.ts"
import type { Field, Operation } from "./Operation.ts"
import type { Placement } from "./Placement.ts"
import { requestOf, type Written } from "./Request.ts"
import { givenBytes, givenJson, jsonOfFile, pairOf, textOfFile } from "./Texts.ts"
import { follow, type Waiting, waitingFlags } from "./Waiting.ts"

type Values = Readonly<Record<string, unknown>>

/** Fields that no flag is for: they come with the listing, or have another name today. */
const unflagged = new Set(["cursor", "limit"])

/** The command of an operation: its arguments and flags, its help and what it prints are made from the operation's specification. */
export const operationCommand = (operation: Operation, placement: Placement) => {
  const plan = planOf(operation, placement)
  return Command.make(plan.name, plan.config, (given) => run(operation, placement, plan, given as Values)).pipe(
    Command.withDescription(
      [operation.summary, operation.description.replaceAll("`", "")].filter(Boolean).join(". ").replaceAll("..", ".")
    ),
    Command.withShortDescription(operation.summary),
    Command.withExamples(
      placement.examples.map(([args, description]) => ({
        command: `roost ${placement.words} ${args}`.trim(),
        description
      }))
    )
  )
}

/** The parameters of a command, by the names under which its handler finds them. */
interface Plan {
  readonly name: string
  readonly config: Command.Command.Config
  readonly namesDevice: boolean
  /** Of the path, but those of the device. */
  readonly path: ReadonlyArray<Field>
  readonly positional: ReadonlyArray<Field>
  readonly flags: ReadonlyArray<FieldFlag>
}

const planOf = (operation: Operation, placement: Placement): Plan => {
  const { fields } = operation
  const inPath = fields.filter(({ place }) => place === "path")
  const namesDevice = placement.namesDevice === true || ["productKey", "deviceKey"].every((key) => has(inPath, key))
  const ofDevice = (field: Field) => namesDevice && (field.name === "productKey" || field.name === "deviceKey")
  const path = inPath.filter(
    (field) => !ofDevice(field) && !(placement.points === true && field.name === "measurepoint")
  )
  const positional = (placement.positional ?? []).map((name) => fields.find((field) => field.name === name)!)
  const changes = placement.changes
  const flags = fields
    .filter((field) => field.place !== "path" && !ofDevice(field) && !unflagged.has(field.name))
    .filter((field) => field.place !== "body" || changes === undefined || changes.includes(field.name))
    .filter((field) => !positional.includes(field) && field.name !== placement.rest?.into)
    .filter((field) => !(placement.file !== undefined && field.place === "body"))
    .filter((field) => !(placement.points === true && field.name === "value"))
    .flatMap((field) => flagsOf(operation, field))
  const config = {
    ...(namesDevice ? { device: deviceArgument } : {}),
    ...Object.fromEntries(path.map((field) => [`path ${field.name}`, pathArgument(field)])),
    ...Object.fromEntries(positional.map((field) => [`field ${field.name}`, argumentOf(operation, field)])),
    ...bodyParams(operation, placement),
    ...Object.fromEntries(flags.map(({ flag, name }) => [`flag ${name}`, flag])),
    ...(placement.list === undefined ? {} : listFlags(placement.list)),
    ...(placement.issues === true ? waitingFlags : {})
  } as Command.Command.Config
  return { name: placement.words.split(" ").at(-1)!, config, namesDevice, path, positional, flags }
}

const has = (fields: ReadonlyArray<Field>, name: string): boolean => fields.some((field) => field.name === name)

const deviceArgument = Argument.String("device").pipe(
  Argument.withDescription("PRODUCT/DEVICE; the device key alone where one product has it")
)

const pathArgument = ({ description, name }: Field) =>
  Argument.String(kebab(name.replace(/(?:Key|Id)$/, ""))).pipe(
    Argument.withDescription(description || `the ${kebab(name).replaceAll("-", " ")}`)
  )

const bodyParams = ({ body, fields }: Operation, { file, points, rest }: Placement): Command.Command.Config => {
  if (points === true) {
    const description = "POINT=VALUE; the value is JSON, or else a text"
    return { point: Argument.String("point=value").pipe(Argument.withDescription(description)) }
  }
  if (rest !== undefined) {
    const name = rest.form === "pairs" ? "name=value" : kebab(rest.into)
    const isNeeded = rest.form === "list" || rest.into === ""
    const description =
      rest.form === "pairs"
        ? "NAME=VALUE, several with spaces between; the value is JSON, or else a text"
        : "several with spaces between"
    const argument = Argument.String(name).pipe(Argument.withDescription(description))
    return { rest: Argument.variadic(argument, { min: isNeeded ? 1 : 0 }) }
  }
  if (file !== undefined) {
    const what = file.into === undefined ? "JSON" : `the ${file.into}`
    return { file: Argument.String("file").pipe(Argument.withDescription(`file with ${what}; - reads standard input`)) }
  }
  switch (body?.form) {
    case "bytes":
      return {
        bytes: Argument.String("bytes").pipe(
          Argument.withDescription("hexadecimal, such as 0x01ff; @FILE; - for standard input")
        )
      }
    case "json":
    case "fields":
      return {
        data: Flag.String("data").pipe(
          Flag.withMetavar("JSON"),
          Flag.withDescription(
            `the body as JSON, @FILE, or - for standard input${has(fields, "value") || body.form === "json" ? "" : "; flags beside it count more"}`
          ),
          Flag.optional
        )
      }
    default:
      return {}
  }
}

const run = Effect.fnUntraced(function* (operation: Operation, placement: Placement, plan: Plan, given: Values) {
  const { call } = yield* Api
  const device = plan.namesDevice ? yield* deviceName(given["device"] as string) : undefined
  const written = yield* write(operation, placement, plan, given, { ...device })
  const named = { ...(written.params as { readonly productKey?: string }), ...device }
  if (placement.list !== undefined)
    return yield* withNearestNames(listAll(operation, placement.list, written, given), named)
  const answer = yield* withNearestNames(
    Effect.flatMap(requestOf(operation, written), (request) => call(operation, request)),
    named
  )
  return yield* placement.issues === true ? follow(answer, given as unknown as Waiting) : printAnswer(answer)
})

const write = Effect.fnUntraced(function* (
  operation: Operation,
  placement: Placement,
  plan: Plan,
  given: Values,
  device: Values
) {
  const query: Record<string, unknown> = {}
  const headers: Record<string, unknown> = {}
  const fields: Record<string, unknown> = {}
  const params: Record<string, unknown> = Object.fromEntries(
    plan.path.map((field) => [field.name, given[`path ${field.name}`]])
  )
  for (const [name, value] of Object.entries(device)) {
    if (operation.path.includes(`{${name}}`)) params[name] = value
    else fields[name] = value
  }
  for (const { field, name } of [
    ...plan.flags.map(({ field, name }) => ({ field, name: `flag ${name}` })),
    ...plan.positional.map((field) => ({ field, name: `field ${field.name}` }))
  ]) {
    const value = given[name] as Option.Option<unknown>
    if (Option.isNone(value)) continue
    if (field.place === "query") query[field.name] = value.value
    else if (field.place === "header") headers[field.name] = value.value
    else fields[field.name] = value.value
  }
  if (placement.points === true) {
    const [point, value] = yield* pairOf(given["point"] as string)
    params["measurepoint"] = point
    fields["value"] = value
  }
  const body = yield* bodyOf(operation, placement, given, fields)
  return { params, query, headers, body } satisfies Written
})

const bodyOf = Effect.fnUntraced(function* (
  { body }: Operation,
  { file, rest }: Placement,
  given: Values,
  fields: Values
) {
  if (body === undefined) return undefined
  if (file?.into !== undefined) {
    return { [file.into]: yield* textOfFile(given["file"] as string) }
  }
  if (file !== undefined) return yield* jsonOfFile(given["file"] as string, "")
  if (body.form === "bytes") return yield* givenBytes(given["bytes"] as string)
  const words = given["rest"] as ReadonlyArray<string> | undefined
  if (rest?.form === "list") return { ...fields, [rest.into]: words }
  if (rest?.form === "pairs") {
    const value = body.form === "pairs" ? body.value : {}
    const pairs = Object.fromEntries(yield* Effect.forEach(words!, (word) => pairOf(word, value)))
    return rest.into === "" ? pairs : { ...fields, [rest.into]: pairs }
  }
  const data = given["data"] as Option.Option<string> | undefined
  if (data === undefined || Option.isNone(data)) return body.form === "json" ? undefined : fields
  const json = yield* givenJson(data.value, "--data")
  return typeof json === "object" && json !== null && !Array.isArray(json) ? { ...json, ...fields } : json
})
