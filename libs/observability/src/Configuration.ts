import type { Setting, Variable } from "@roost/contracts"
import { Cause, Config, ConfigProvider, Effect, Exit, SchemaIssue } from "effect"
import { variablesOf } from "./Arguments.ts"
import { type Configured, configuredBy, type Fault } from "./Configured.ts"

/** All that is missing or wrong in these settings, and in the file that some of them stand in. */
export const configurationFaults = (
  settings: ReadonlyArray<Setting<unknown>>,
  configured: Configured = configuredBy(process.env)
): Effect.Effect<ReadonlyArray<Fault>> =>
  Effect.gen(function* () {
    // A variable may stand in the file that can't be read: it is not known to be missing.
    if (configured.faults.length > 0) return configured.faults
    const variables = variablesOf(settings)
    const faults = new Map<string, Fault>()
    for (const part of new Set(settings.flatMap(({ parts }) => parts))) {
      const exit = yield* Effect.exit(part)
      if (Exit.isSuccess(exit)) continue
      for (const fault of faultsOf(exit.cause, variables, configured)) faults.set(fault.text, fault)
    }
    return [...faults.values()]
  }).pipe(Effect.provideService(ConfigProvider.ConfigProvider, configured.provider))

/** Of what an app ended with: those of configuration; empty if it ended for another reason. */
export const faultsOf = (
  cause: Cause.Cause<unknown>,
  variables: ReadonlyArray<Variable>,
  configured: Configured = configuredBy(process.env)
): ReadonlyArray<Fault> => {
  const faults = new Map<string, Fault>()
  for (const reason of cause.reasons) {
    const error = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
    if (!(error instanceof Config.ConfigError)) continue
    if (error.cause._tag !== "SchemaError") {
      faults.set(error.message, { variable: undefined, text: error.message })
      continue
    }
    for (const { message, path } of formatIssue(error.cause.issue).issues) {
      const variable = (path ?? []).map(String).join("_")
      const text = `${variable}: ${message}${came(variable, message, variables, configured)}`
      faults.set(text, { variable, text })
    }
  }
  return [...faults.values()]
}

const came = (
  name: string,
  message: string,
  variables: ReadonlyArray<Variable>,
  { file, placeOf, values }: Configured
): string => {
  const value = values[name]
  if (value === undefined) return file === undefined ? "; it is not set" : `; it is not set, ${file} has none`
  const place = placeOf(name)
  const where = place === undefined ? "" : ` (${place})`
  if (value === "") return `; it is empty${where}`
  // A setting that declared itself wrong has shown what may be shown; a variable that nobody declared may be a secret.
  const isToldAlready = value.length > 2 && message.includes(value)
  const isShown = variables.find((variable) => variable.name === name)?.secret === false && !isToldAlready
  return isShown ? `; it is ${JSON.stringify(value.slice(0, shownMax))}${where}` : where
}

/** Characters of a value that are shown. */
const shownMax = 100

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** The values of these settings, with what may be shown of secrets: `ROOST_UDP_PORT=5685, ROOST_CLUSTER_KEY (set)`. */
export const chosenText = (settings: ReadonlyArray<Setting<unknown>>, { file, values }: Configured): string => {
  const chosen = variablesOf(settings)
    .filter(({ name }) => values[name] !== undefined)
    .map(({ name, secret, shown }) =>
      secret && shown === undefined ? `${name} (set)` : `${name}=${(shown ?? String)(values[name]!).slice(0, shownMax)}`
    )
  return [chosen.join(", "), file === undefined ? [] : `by ${file} and the environment`].flat().join("; ")
}

/** A line for each variable: its value, or what holds without it, and where that is from. Of secrets it has that they are set. */
export const configurationTable = (settings: ReadonlyArray<Setting<unknown>>, configured: Configured): string => {
  const rows = variablesOf(settings).map(({ name, otherwise, secret, shown }) => {
    const value = configured.values[name]
    if (value === undefined) return [name, otherwise ?? "–", otherwise === undefined ? "missing" : "default"] as const
    const text = secret && shown === undefined ? (value === "" ? "" : "(set)") : (shown ?? String)(value)
    return [
      name,
      text === "" ? '""' : text.replaceAll(/\p{Cc}/gu, "�"),
      configured.placeOf(name) ?? "environment"
    ] as const
  })
  const [first, second] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map(([name, value, from]) => `${name.padEnd(first!)}  ${value.padEnd(second!)}  ${from}`).join("\n")
}
