import { DownlinkApi, RegistryApi } from "@roost/contracts"
import { assert, describe, it } from "@effect/vitest"
import { type Command, Completions } from "effect/cli"
import { OpenApi } from "effect/http-api"
import { readFileSync } from "node:fs"
import { flagNameOf } from "../src/api/FieldFlag.ts"
import { type JsonSchema, type Operation, operations, resolve } from "../src/api/Operation.ts"
import { placements } from "../src/api/placements/Placements.ts"
import { pageOf } from "../src/Page.ts"
import { placementOf, roost } from "../src/RoostCommand.ts"

const tree = Completions.fromCommand(roost)

const commandAt = (words: string): Completions.CommandDescriptor | undefined =>
  words
    .split(" ")
    .reduce<Completions.CommandDescriptor | undefined>(
      (at, word) => at?.subcommands.find(({ name }) => name === word),
      tree
    )

interface Described {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<{ readonly name: string; readonly in: string }>
}

const described = [RegistryApi, DownlinkApi]
  .flatMap((api) => Object.values(OpenApi.fromApi(api as typeof RegistryApi).paths))
  .flatMap((item) => Object.values(item) as ReadonlyArray<Described>)

/** Parameters that a command has in another form than a flag of that name: those of paths, and pages. */
const otherwise = new Set(["cursor", "limit", "productKey", "deviceKey"])

describe("commands and the specification", () => {
  it("each operation of the specification has a command", () => {
    const missing = described
      .map(({ operationId }) => operationId)
      .filter((id) => {
        const operation = operations.get(id)
        return operation === undefined || commandAt(placementOf(operation).words) === undefined
      })
    assert.deepStrictEqual(missing, [])
  })

  it("each parameter of the specification has a flag, unless the command is written by hand", () => {
    for (const { operationId, parameters = [] } of described) {
      const operation = operations.get(operationId)!
      const placement = placementOf(operation)
      if (placement.byHand === true) continue
      const flags = new Set(commandAt(placement.words)!.flags.map(({ name }) => name))
      for (const { in: place, name } of parameters) {
        if (place === "path" || otherwise.has(name) || placement.positional?.includes(name) === true) continue
        assert.isTrue(
          flags.has(flagNameOf(operation, { name })),
          `${placement.words}: --${flagNameOf(operation, { name })}`
        )
      }
    }
  })

  it("each column and key of a list is a field of its items", () => {
    const isField = (item: JsonSchema, path: string, of: Operation["definitions"]): boolean => {
      const [name, ...inner] = path.split(".")
      const { properties } = resolve(item, of)
      // Any JSON: what is in it the specification leaves open.
      if (properties === undefined) return true
      const field = properties[name!]
      return field !== undefined && (inner.length === 0 || isField(field, inner.join("."), of))
    }
    const strange = [...operations.values()].flatMap(({ answer, definitions, ...operation }) => {
      const { list, words } = placementOf({ answer, definitions, ...operation })
      if (list === undefined) return []
      const item = resolve(answer!, definitions).properties![list.items]!.items!
      return [...list.columns, ...list.key]
        .filter((path) => !isField(item, path, definitions))
        .map((path) => `${words}: ${path}`)
    })
    assert.deepStrictEqual(strange, [])
  })

  it("docs/cli.md is what the commands are: npm run docs -- --write makes it", () => {
    assert.strictEqual(readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8"), pageOf(roost))
  })

  it("no flag of an operation has the name of one that goes with every command", () => {
    const global = new Set(["url", "context", "output", "help", "version", "completions"])
    const taken = (command: Completions.CommandDescriptor): ReadonlyArray<string> => [
      ...command.flags.map(({ name }) => name).filter((name) => command !== tree && global.has(name)),
      ...command.subcommands.flatMap(taken)
    ]
    assert.deepStrictEqual(tree.subcommands.flatMap(taken), [])
  })

  it("no two operations stand at one place, and no place names an operation that is gone", () => {
    const words = [...operations.values()]
      .map(placementOf)
      .flatMap(({ byHand, words }) => (byHand === true ? [] : words))
    assert.deepStrictEqual(
      words.filter((word, index) => words.indexOf(word) !== index),
      []
    )
    assert.deepStrictEqual(
      Object.keys(placements).filter((id) => !operations.has(id)),
      []
    )
  })

  it("each command has an example and a description", () => {
    const walk = ({ description, examples, subcommands }: Command.Command.Any, path: string): void => {
      assert.isAbove(examples.length, 0, path)
      assert.isString(description, path)
      for (const { commands } of subcommands) for (const inner of commands) walk(inner, `${path} ${inner.name}`)
    }
    walk(roost, "roost")
  })
})
