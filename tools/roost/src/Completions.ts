import { Console } from "effect"
import { type Command, Completions, Flag, GlobalFlag } from "effect/cli"
import { formats } from "./output/Printer.ts"

const shells = ["bash", "zsh", "fish"] as const

/** Flags that go with every command: Effect's descriptor leaves them out. */
const globalFlags: ReadonlyArray<Completions.FlagDescriptor> = [
  {
    name: "output",
    aliases: ["o"],
    description: "table, json, yaml or csv",
    type: { _tag: "Choice", values: formats }
  },
  { name: "context", aliases: ["c"], description: "the Roost to use", type: { _tag: "String" } },
  { name: "url", aliases: [], description: "address of a registry", type: { _tag: "String" } },
  { name: "help", aliases: ["h"], description: "show help", type: { _tag: "Boolean" }, negation: false }
]

/** The words that shells complete: every command with its own flags and those that go with all. */
export const completionTree = (command: Command.Command.Any): Completions.CommandDescriptor =>
  withGlobalFlags(Completions.fromCommand(command))

const withGlobalFlags = (descriptor: Completions.CommandDescriptor): Completions.CommandDescriptor => ({
  ...descriptor,
  flags: [...descriptor.flags, ...globalFlags],
  subcommands: descriptor.subcommands.map(withGlobalFlags)
})

/** `--completions`. */
export const CompletionsFlag = GlobalFlag.Action({
  flag: Flag.Literals("completions", shells).pipe(
    Flag.withDescription("print a script that completes commands, flags and values in this shell")
  ),
  run: (shell, { command }) => Console.log(Completions.generate("roost", shell, completionTree(command)))
})
