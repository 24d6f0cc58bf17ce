import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { type JsonSchema, type Operation, operations } from "../api/Operation.ts"
import { placements } from "../api/placements/Placements.ts"
import { Failure } from "../Failure.ts"
import { jsonOf } from "../output/Documents.ts"
import { Printer } from "../output/Printer.ts"

export const schemaCommand = Command.make(
  "schema",
  {
    words: Argument.String("command").pipe(
      Argument.withDescription("the words of a command, such as devices ls"),
      Argument.variadic({ min: 1 })
    )
  },
  Effect.fnUntraced(function* ({ words }) {
    const named = words.join(" ")
    const operation = [...operations.values()].find(({ id }) => placements[id]?.words === named)
    if (operation?.answer === undefined) {
      return yield* new Failure({
        outcome: "notThere",
        what: `${JSON.stringify(named)} prints no JSON by a schema`,
        expected: "a command that answers with JSON, such as devices ls",
        cure: "roost --help"
      })
    }
    const printer = yield* Printer
    yield* printer.out(jsonOf(schemaOf(operation, operation.answer)))
  })
).pipe(
  Command.withDescription(
    "The JSON Schema of what a command prints with --output json: that of the API, which only grows within a version"
  ),
  Command.withShortDescription("The JSON Schema of what a command prints"),
  Command.withExamples([{ command: "roost schema devices ls", description: "For a generator of types" }])
)

/** With the definitions that it leads to. */
export const schemaOf = ({ definitions }: Pick<Operation, "definitions">, answer: JsonSchema): object => {
  const used = new Map<string, unknown>()
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (key !== "$ref" || typeof inner !== "string") return [key, rewrite(inner)]
        const name = inner.split("/").at(-1)!
        if (!used.has(name)) {
          used.set(name, undefined)
          used.set(name, rewrite(definitions[name]))
        }
        return [key, `#/$defs/${name}`]
      })
    )
  }
  const schema = rewrite(answer) as object
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...schema,
    ...(used.size === 0 ? {} : { $defs: Object.fromEntries(used) })
  }
}
