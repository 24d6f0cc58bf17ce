import { Layer } from "effect"
import { Command } from "effect/cli"
import { CompletionsFlag } from "./Completions.ts"
import { Api } from "./api/Api.ts"
import { operationCommand } from "./api/OperationCommand.ts"
import { kebab } from "./api/FieldFlag.ts"
import { type Operation, operations } from "./api/Operation.ts"
import { groups } from "./api/Groups.ts"
import type { Placement } from "./api/Placement.ts"
import { placements } from "./api/placements/Placements.ts"
import { backupCommand } from "./backup/backupCommand.ts"
import { restoreCommand } from "./backup/restoreCommand.ts"
import { importCommand } from "./commands/importCommand.ts"
import { exportCommand, recordCommand } from "./commands/recordCommand.ts"
import { natsUserCommand } from "./commands/natsUserCommand.ts"
import { schemaCommand } from "./commands/schemaCommand.ts"
import { toolCommands } from "./commands/toolCommands.ts"
import { topCommand } from "./commands/topCommand.ts"
import { watchCommand } from "./commands/watchCommand.ts"
import { whyCommand } from "./commands/whyCommand.ts"
import { loginCommand, logoutCommand } from "./login/loginCommand.ts"
import { contextCommand } from "./context/contextCommand.ts"
import { doctorCommand } from "./doctor/doctorCommand.ts"
import { ContextName, layerContext, Url } from "./context/GlobalFlags.ts"
import { Output } from "./output/Printer.ts"

/** The services that a command asks a Roost with. Each command that asks one has them for itself: help needs no context. */
const asking = Api.layer.pipe(Layer.provideMerge(layerContext))

/** Where an operation that has no place of its own stands: `roost GROUP OPERATION`. */
export const placementOf = (operation: Operation): Placement =>
  placements[operation.id] ?? {
    words: `${operation.group} ${kebab(operation.id)}`,
    examples: [["--help", "What it takes"]]
  }

const askingCommand = (operation: Operation, placement: Placement) =>
  operationCommand(operation, placement).pipe(Command.provide(asking))

/** Those of a group that are written by hand. */
const commandsByHand: Readonly<Record<string, ReturnType<typeof askingCommand>>> = {
  exportRecording: exportCommand.pipe(Command.provide(asking)) as unknown as ReturnType<typeof askingCommand>
}

/** Commands of two words, by the first. */
const ofOperations = () => {
  const byGroup = new Map<string, Array<ReturnType<typeof askingCommand>>>()
  for (const operation of operations.values()) {
    const placement = placementOf(operation)
    const [group = ""] = placement.words.split(" ")
    const byHand = commandsByHand[operation.id]
    const command = byHand ?? (placement.byHand === true ? undefined : askingCommand(operation, placement))
    if (command !== undefined) byGroup.set(group, [...(byGroup.get(group) ?? []), command])
  }
  const order = Object.keys(groups)
  return [...byGroup]
    .toSorted(([a], [b]) => place(order, a) - place(order, b))
    .map(([group, commands]) =>
      commands[0]!.name === group
        ? commands[0]!
        : Command.make(group).pipe(
            Command.withDescription(groups[group] ?? group),
            Command.withSubcommands(commands as unknown as readonly [(typeof commands)[number]]),
            Command.withExamples([{ command: `roost ${group} --help`, description: "Its commands" }])
          )
    )
}

const place = (order: ReadonlyArray<string>, name: string): number => {
  const at = order.indexOf(name)
  return at === -1 ? order.length : at
}

export const roost = Command.make("roost").pipe(
  Command.withDescription(
    "Everything of a Roost's HTTP APIs on the command line. Answers go to standard output, what is told about the work to standard error."
  ),
  Command.withSubcommands([
    ...ofOperations(),
    whyCommand.pipe(Command.provide(asking)),
    recordCommand.pipe(Command.provide(asking)),
    importCommand.pipe(Command.provide(asking)),
    watchCommand.pipe(Command.provide(asking)),
    topCommand.pipe(Command.provide(asking)),
    doctorCommand,
    backupCommand,
    restoreCommand,
    contextCommand,
    loginCommand,
    logoutCommand,
    schemaCommand,
    natsUserCommand,
    ...toolCommands
  ]),
  Command.withGlobalFlags([Output, ContextName, Url, CompletionsFlag]),
  Command.withExamples([
    { command: "roost devices ls", description: "The devices of the Roost of npm start" },
    {
      command: "roost commands set demo/demo-meter limit=30.5 --ttl 10m --wait",
      description: "Set a point, and wait for the device"
    },
    {
      command: "roost context add prod https://registry.example.org",
      description: "Another Roost, from then on the current one"
    }
  ])
)
