import { Effect } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import * as Redacted from "effect/Redacted"
import { bytesOf } from "../api/Texts.ts"
import { attempt, Failure } from "../Failure.ts"
import { listWriter, printAnswer } from "../output/print.ts"
import { Printer } from "../output/Printer.ts"
import { type Contexts, contextsFile, readContexts, writeContexts } from "./ContextFile.ts"
import { checkUrl, localName } from "./FindContext.ts"
import { findLocalRoost } from "./LocalRoost.ts"
import { foundContext } from "./GlobalFlags.ts"

const nameArgument = Argument.String("name").pipe(Argument.withDescription("name of the context, such as prod"))

const change = (edit: (kept: Contexts) => Contexts) =>
  attempt(() => writeContexts(process.env, edit(readContexts(process.env))))

const add = Command.make(
  "add",
  {
    name: nameArgument,
    url: Argument.String("url").pipe(Argument.withDescription("address of its registry"))
  },
  Effect.fnUntraced(function* ({ name, url }) {
    const address = yield* attempt(() => checkUrl(url, "URL"))
    const token = yield* givenToken
    yield* change((kept) => ({
      current: name,
      contexts: {
        ...kept.contexts,
        [name]: { url: address, token }
      }
    }))
    const printer = yield* Printer
    yield* printer.tell(`${name} is the current context; roost doctor says whether it can be used`)
  })
).pipe(
  Command.withDescription(
    "Keep the address and token of a Roost under a name, and use it from then on. The token comes from ROOST_API_TOKEN, from standard input, or is asked for: " +
      "on the command line others on the machine would see it."
  ),
  Command.withShortDescription("Keep the address and token of a Roost under a name"),
  Command.withExamples([
    { command: "roost context add prod https://registry.example.org", description: "Asks for the token" },
    {
      command: "roost context add prod https://registry.example.org < token.txt",
      description: "Reads it from a file"
    }
  ])
)

const givenToken = Effect.gen(function* () {
  const given = process.env["ROOST_API_TOKEN"]
  if (given) return given
  const text = process.stdin.isTTY
    ? Redacted.value(yield* Prompt.run(Prompt.Hidden({ message: "Token (ROOST_API_TOKEN of the registry)" })))
    : new TextDecoder().decode(yield* bytesOf("-"))
  const token = text.trim()
  if (/^[!-~]+$/.test(token)) return token
  return yield* new Failure({
    outcome: "unusable",
    what: token === "" ? "no token was given" : "the token has spaces or characters that no header takes",
    expected: "the ROOST_API_TOKEN of the registry: in the environment, on standard input, or typed",
    cure: "ROOST_API_TOKEN=… roost context add NAME URL"
  })
})

const ls = Command.make(
  "ls",
  {
    quiet: Flag.Boolean("quiet").pipe(Flag.withAlias("q"), Flag.withDescription("names alone"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* ({ quiet }) {
    const kept = yield* attempt(() => readContexts(process.env))
    const local = findLocalRoost(process.env, process.cwd())
    const writer = yield* listWriter({ items: "contexts", key: ["name"], columns: ["name", "current", "url"] }, quiet)
    const found = [
      ...Object.entries(kept.contexts).map(([name, { url }]) => ({ name, url, current: name === kept.current })),
      ...(local === undefined || kept.contexts[localName] !== undefined
        ? []
        : [{ name: localName, url: local.url, current: kept.current === undefined || kept.current === localName }])
    ]
    yield* writer.page(found)
    yield* writer.end(undefined)
  })
).pipe(
  Command.withDescription("Contexts, and which of them is the current one. Never their tokens."),
  Command.withExamples([{ command: "roost context ls", description: "All, and the Roost of npm start here" }])
)

const use = Command.make(
  "use",
  { name: nameArgument },
  Effect.fnUntraced(function* ({ name }) {
    yield* change((kept) => {
      if (name === localName || kept.contexts[name] !== undefined) return { ...kept, current: name }
      throw new Failure({
        outcome: "notThere",
        what: `there is no context ${JSON.stringify(name)}`,
        expected: `one of ${[...Object.keys(kept.contexts), localName].join(", ")}`,
        cure: "roost context add makes one"
      })
    })
  })
).pipe(
  Command.withDescription(
    "Choose the context that commands use. local is the Roost of npm start, in this directory or above it."
  ),
  Command.withExamples([{ command: "roost context use local", description: "The Roost of npm start again" }])
)

const show = Command.make("show", {}, () =>
  Effect.flatMap(foundContext, ({ from, name, url }) => printAnswer({ name, url, from }))
).pipe(
  Command.withDescription("Which Roost a command would use here, and why. Never the token."),
  Command.withExamples([{ command: "roost context show", description: "Name, address, and where both were found" }])
)

const rm = Command.make(
  "rm",
  { name: nameArgument },
  Effect.fnUntraced(function* ({ name }) {
    yield* change(({ current, contexts }) => {
      const kept = Object.keys(contexts)
      if (contexts[name] === undefined) {
        throw new Failure({
          outcome: "notThere",
          what: `there is no context ${JSON.stringify(name)} in ${contextsFile(process.env)}`,
          expected: kept.length === 0 ? "none is kept" : `one of ${kept.join(", ")}`,
          cure: "roost context ls"
        })
      }
      const rest = Object.fromEntries(Object.entries(contexts).filter(([other]) => other !== name))
      return { contexts: rest, ...(current === undefined || current === name ? {} : { current }) }
    })
  })
).pipe(
  Command.withDescription("Forget a context and its token"),
  Command.withExamples([{ command: "roost context rm prod", description: "Forget its token, too" }])
)

export const contextCommand = Command.make("context").pipe(
  Command.withDescription("Roosts by name: address and token, kept for you alone (~/.config/roost/contexts.json)"),
  Command.withSubcommands([ls, show, use, add, rm]),
  Command.withExamples([{ command: "roost context show", description: "Which Roost a command would use here" }])
)
