import { Effect, Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { parseEnv } from "node:util"
import { readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { Api } from "../api/Api.ts"
import { contextsFile, isOpenToOthers } from "../context/ContextFile.ts"
import { type Found, FoundContext } from "../context/FindContext.ts"
import { foundContext } from "../context/GlobalFlags.ts"
import type { LocalRoost } from "../context/LocalRoost.ts"
import { Failure, SaidNo } from "../Failure.ts"
import { printAnswer } from "../output/print.ts"
import { Output, paint, Printer } from "../output/Printer.ts"
import { examineAddresses } from "./Addresses.ts"
import { type AppName, appNames, type AppVariables, judgeVariables } from "./Configuration.ts"
import type { Finding } from "./Finding.ts"
import { judgeMachine, readMachine } from "./Machine.ts"
import { examineNats, type Login } from "./Nats.ts"

export const doctorCommand = Command.make(
  "doctor",
  {
    env: Flag.String("env").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription(
        "variables of an app, such as /etc/roost/registry.env; named after the app, may be given several times"
      ),
      Flag.atLeast(0)
    )
  },
  Effect.fnUntraced(function* ({ env }) {
    const printer = yield* Printer
    const apps = yield* Effect.forEach(env, readVariables)
    const found = yield* Effect.result(foundContext)
    const context = found._tag === "Success" ? found.success : undefined
    // Files of variables can be examined where no Roost is known.
    if (context === undefined && apps.length === 0) return yield* Effect.fromResult(found)
    const findings = yield* examine(context, apps)
    if ((yield* Output) === "table") yield* print(findings, looked(context, apps))
    else yield* printAnswer({ findings })
    if (findings.some(({ weight }) => weight === "wrong")) return yield* new SaidNo({ outcome: "saysNo" })
    if (findings.length > 0) yield* printer.tell("nothing is broken")
  })
).pipe(
  Command.withDescription(
    "Look for what is wrong with a Roost and this machine: addresses, token, processes, clocks, NATS with its version, permissions and streams, disks, buffers, " +
      "and the variables and keys of --env. Each finding has its cause and cure. Exit code 1: something is broken."
  ),
  Command.withShortDescription("Look for what is wrong with a Roost and this machine"),
  Command.withExamples([
    { command: "roost doctor", description: "The Roost of the context" },
    {
      command:
        "roost doctor --env /etc/roost/registry.env --env /etc/roost/session-actors.env --env /etc/roost/udp-edge.env",
      description: "With the variables of apps, compared with each other"
    }
  ])
)

/** Of everything that is known here. */
const examine = Effect.fnUntraced(function* (context: Found | undefined, apps: ReadonlyArray<AppVariables>) {
  const ofAddresses =
    context === undefined
      ? []
      : yield* examineAddresses(context).pipe(
          Effect.provide(Api.layer.pipe(Layer.provide(Layer.succeed(FoundContext, context))))
        )
  const replicas = apps.flatMap(({ values }) => values["ROOST_NATS_REPLICAS"] ?? []).map(Number)[0]
  const natsFindings = yield* Effect.forEach(loginsOf(context?.local, apps), (login) =>
    Effect.promise(() => examineNats(login, replicas))
  )
  const fileStore = apps.flatMap(({ values }) => values["ROOST_NATS_FILE_STORE"] ?? []).map(Number)[0]
  const folders = [context?.local?.folder, ...apps.map(({ values }) => values["ROOST_DATA_DIR"])].filter(
    (folder) => folder !== undefined
  )
  const udpPort =
    context?.local?.udpPort ?? Number(apps.find(({ app }) => app === "udp-edge")?.values["ROOST_UDP_PORT"] ?? 5684)
  return once([
    ...ofAddresses,
    ...judgeVariables(apps),
    ...openFiles(context?.local, apps),
    ...judgeMachine(
      readMachine(
        udpPort,
        [...new Set(folders)].map((folder) => ({ folder, fileStore }))
      )
    ),
    ...natsFindings.flat()
  ])
})

/** Several logins find the same of one server. */
const once = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => [
  ...new Map(findings.map((finding) => [`${finding.fault} ${finding.what}`, finding])).values()
]

const readVariables = (file: string) =>
  Effect.try({
    try: (): AppVariables => {
      const name = basename(file).replace(/\.env$/, "")
      const app = appNames.find((known) => name.includes(known))
      if (app === undefined) throw new Error(`its name has none of ${appNames.join(", ")}`)
      return { app: app satisfies AppName, from: file, values: parseEnv(readFileSync(file, "utf8")) }
    },
    catch: (error) =>
      new Failure({
        outcome: "unusable",
        what: `--env ${file}: ${(error as Error).message}`,
        expected: "a file of NAME=VALUE lines that is named after its app, such as registry.env"
      })
  })

const loginsOf = (local: LocalRoost | undefined, apps: ReadonlyArray<AppVariables>): ReadonlyArray<Login> => {
  const ofApps = apps.flatMap(({ from, values }): ReadonlyArray<Login> => {
    const url = values["NATS_URL"]
    return url === undefined ? [] : [{ url, user: values["NATS_USER"], password: values["NATS_PASSWORD"], from }]
  })
  if (ofApps.length > 0 || local?.natsUrl === undefined) return ofApps
  return appNames.map((user) => ({
    url: local.natsUrl!,
    user,
    password: local.natsPasswords[user],
    from: local.folder
  }))
}

const openFiles = (local: LocalRoost | undefined, apps: ReadonlyArray<AppVariables>): ReadonlyArray<Finding> =>
  [
    contextsFile(process.env),
    ...(local === undefined ? [] : [join(local.folder, "secrets.json")]),
    ...apps.map(({ from }) => from)
  ]
    .filter(isOpenToOthers)
    .map((file) => ({
      fault: "file-open",
      weight: "wrong",
      what: `others on this machine may read ${file}, which has secrets`,
      expected: "mode 600, for its owner alone",
      cure: `chmod 600 ${file}; exchange what it has if others use the machine`
    }))

const looked = (context: Found | undefined, apps: ReadonlyArray<AppVariables>): string =>
  [context === undefined ? undefined : `${context.url} (${context.from})`, ...apps.map(({ from }) => from)]
    .filter((text) => text !== undefined)
    .join(", ")

const print = Effect.fnUntraced(function* (findings: ReadonlyArray<Finding>, at: string) {
  const printer = yield* Printer
  for (const { cause, cure, expected, fault, weight, what } of findings) {
    const mark = weight === "wrong" ? paint(printer, "red", "✗") : paint(printer, "yellow", "!")
    yield* printer.out(`${mark} ${paint(printer, "bold", fault)}  ${what}`)
    yield* printer.out(`    expected  ${expected}`)
    if (cause !== undefined) yield* printer.out(`    cause     ${cause}`)
    yield* printer.out(`    cure      ${cure}`)
  }
  if (findings.length === 0) yield* printer.out(`${paint(printer, "green", "✓")} nothing is wrong with ${at}`)
})
