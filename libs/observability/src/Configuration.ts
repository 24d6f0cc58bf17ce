import type { Setting, Variable } from "@roost/contracts"
import { Cause, Config, Effect, Exit, SchemaIssue } from "effect"
import { variablesOf } from "./Arguments.ts"

/** A variable that is missing or wrong; undefined: something else than one variable. */
export interface Fault {
  readonly variable: string | undefined
  /** Begins with the variable; says what was expected and what came, of a secret nothing. */
  readonly text: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** All that is missing or wrong in these settings. */
export const configurationFaults = (
  settings: ReadonlyArray<Setting<unknown>>,
  env: Environment = process.env
): Effect.Effect<ReadonlyArray<Fault>> =>
  Effect.gen(function* () {
    const variables = variablesOf(settings)
    const faults = new Map<string, Fault>()
    for (const part of new Set(settings.flatMap(({ parts }) => parts))) {
      const exit = yield* Effect.exit(part)
      if (Exit.isSuccess(exit)) continue
      for (const fault of faultsOf(exit.cause, variables, env)) faults.set(fault.text, fault)
    }
    return [...faults.values()]
  })

/** Of what an app ended with: those of configuration; empty if it ended for another reason. */
export const faultsOf = (
  cause: Cause.Cause<unknown>,
  variables: ReadonlyArray<Variable>,
  env: Environment = process.env
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
      const text = `${variable}: ${message}${came(variable, message, variables, env)}`
      faults.set(text, { variable, text })
    }
  }
  return [...faults.values()]
}

const came = (name: string, message: string, variables: ReadonlyArray<Variable>, env: Environment): string => {
  const value = env[name]
  if (value === undefined) return "; it is not set"
  if (value === "") return "; it is empty"
  // A setting that declared itself wrong has shown what may be shown; a variable that nobody declared may be a secret.
  const isToldAlready = value.length > 2 && message.includes(value)
  const isShown = variables.find((variable) => variable.name === name)?.secret === false && !isToldAlready
  return isShown ? `; it is ${JSON.stringify(value.slice(0, shownMax))}` : ""
}

/** Characters of a value that are shown. */
const shownMax = 100

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** The values of these settings, with those that are no secret: `ROOST_UDP_PORT=5685, ROOST_CLUSTER_KEY (set)`. */
export const chosenText = (settings: ReadonlyArray<Setting<unknown>>, env: Environment = process.env): string =>
  variablesOf(settings)
    .filter(({ name }) => env[name] !== undefined)
    .map(({ name, secret }) => (secret ? `${name} (set)` : `${name}=${env[name]!.slice(0, shownMax)}`))
    .join(", ")
