import { assert, describe, it } from "vitest"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { hasAnswer } from "../src/Answer.ts"
import { blocksOf } from "../src/Block.ts"
import { root } from "../src/Clone.ts"
import { stepsOf } from "../src/Mark.ts"
import { readPages } from "../src/Pages.ts"

const fence = (info: string, text = "echo hi") => `\`\`\`${info}\n${text}\n\`\`\`\n`
const read = (...blocks: ReadonlyArray<string>) => stepsOf(blocksOf("x.md", `# x\n\n${blocks.join("\n")}`))

/** Functions, classes and objects that code calls or asks. */
const calledIn = (code: string): ReadonlyArray<string> => [
  ...new Set([...code.matchAll(/\b([A-Za-z_]\w*)(?=[(.]|\.pipe)/g)].map(([, name]) => name!))
]

describe("this repository", () => {
  it("has no command that is neither run nor says why not", () => {
    assert.deepStrictEqual(
      readPages().flatMap(({ findings }) => findings.map(({ line, message, page }) => `${page}:${line}: ${message}`)),
      []
    )
  })

  it("names no script of npm that is not there", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>
    }
    const named = readPages().flatMap(({ path }) =>
      [...readFileSync(join(root, path), "utf8").matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(
        ([, name]) => `${path}: ${name}`
      )
    )
    assert.isAbove(named.length, 20)
    assert.deepStrictEqual(
      named.filter((one) => !Object.hasOwn(scripts, one.split(": ")[1]!)),
      []
    )
  })

  it("calls nothing in its excerpts of TypeScript that the sources have not", () => {
    const sources = globSync("{apps,libs,tools}/*/src/**/*.ts", { cwd: root })
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n")
    const known = new Set(sources.match(/\b[A-Za-z_]\w*\b/g))
    const unknown = readPages().flatMap(({ path }) =>
      blocksOf(path, readFileSync(join(root, path), "utf8"))
        .filter(({ language }) => language === "ts")
        .flatMap(({ line, text }) => {
          const code = text.replaceAll(/\/\/.*$/gm, "").replaceAll(/"[^"]*"/g, '""')
          // The formatter makes this of yield* outside of a generator.
          const product = /\byield \*/.test(code) ? ["yield *"] : []
          return [...product, ...calledIn(code).filter((name) => !known.has(name))].map(
            (name) => `${path}:${line}: ${name}`
          )
        })
    )
    assert.deepStrictEqual(unknown, [])
  })

  it("runs commands of its first pages", () => {
    const running = readPages().filter(({ steps }) => steps.length > 0)
    assert.includeMembers(
      running.map(({ path }) => path),
      ["README.md", "docs/applications.md", "examples/README.md"]
    )
  })
})

describe("a block is found", () => {
  for (const [what, markdown, expected] of [
    ["that is a command without a mark", fence("sh"), "neither marked"],
    ["that has no language", fence(""), "without a language"],
    ["that has no language, in a list", `- x\n\n  ${fence("").replaceAll("\n", "\n  ")}`, "without a language"],
    ["behind tildes", "~~~sh\necho\n~~~\n", "neither marked"],
    ["that does not say why it is not run", fence('sh not-run=""'), "without a reason"],
    ["whose mark is misspelt", fence("sh runs"), "is expected"],
    ["whose manner is unknown", fence("sh run twice"), "twice"],
    ["that runs and leaves something out", fence("sh run", "curl … x"), "in full"],
    ["that is of no shell and runs", fence("ts run"), "only commands"],
    ["that answers nothing", fence("json answer", "{}"), "no command before it"],
    [
      "that answers what is not run",
      fence('sh not-run="needs root and systemd"') + fence("text answer"),
      "no command before it"
    ],
    ["that is endless and answers nothing", fence("sh run endless"), "has to follow"]
  ] as const) {
    it(what, () => {
      const { findings } = read(markdown)
      assert.lengthOf(findings, 1)
      assert.include(findings[0]!.message, expected)
    })
  }

  it("with its line, and none where all is marked", () => {
    const { findings, steps } = read(
      fence("ts", "const x = 1"),
      fence("sh run exit=22 needs=go,python3"),
      fence("json answer", "{}"),
      fence('sh not-run="needs root and systemd"')
    )
    assert.deepStrictEqual(findings, [])
    assert.strictEqual(steps[0]!.block.line, 7)
    assert.deepStrictEqual(steps[0]!.run, { _tag: "Run", manner: "once", exit: 22, needs: ["go", "python3"] })
    assert.strictEqual(steps[0]!.answers[0]!.text, "{}\n")
  })
})

describe("an answer", () => {
  it("may leave out what … stands for, and break lines anywhere", () => {
    assert.isTrue(hasAnswer('x\n{"a":1,"b":{"c":[2]}}\n', '{ "a": 1, …\n  "c": [2] }}'))
    assert.isTrue(hasAnswer('{"a":1}', '{"a":1}'))
  })
  it("is another when a value, a name or the order differs", () => {
    assert.isFalse(hasAnswer('{"a":1}', '{"a":2}'))
    assert.isFalse(hasAnswer('{"a":1}', '{"b":…}'))
    assert.isFalse(hasAnswer('{"a":1,"b":2}', '{"b":2,…"a":1'))
    assert.isFalse(hasAnswer("", "{}"))
  })
})
