import { assert, describe, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import { checkConventions } from "../src/Conventions.ts"
import { checkLayers } from "../src/Layers.ts"
import { checkProofs } from "../src/Proofs.ts"
import { checkReferences } from "../src/References.ts"
import { type Project, readRepository, type Repository } from "../src/Repository.ts"
import { checkVariables } from "../src/Variables.ts"

const real = readRepository(fileURLToPath(new URL("../../..", import.meta.url)))

/** In two parts, or it would be found here. */
const leftOut = `it.live.${"skip"}`

/** The repository with one file more. */
const withFile = (path: string, text: string): Repository => ({
  ...real,
  files: new Map([...real.files, [path, text]])
})

const messagesAt = (path: string, findings: ReadonlyArray<{ readonly path: string; readonly message: string }>) =>
  findings.filter((finding) => finding.path === path).map(({ message }) => message)

describe("this repository", () => {
  it("keeps the layers", () => assert.deepStrictEqual(checkLayers(real), []))
  it("keeps the conventions", () => assert.deepStrictEqual(checkConventions(real), []))
  it("names for every promise of SECURITY.md a test that exists", () => assert.deepStrictEqual(checkProofs(real), []))
  it("documents every variable that it reads, and no other", () => assert.deepStrictEqual(checkVariables(real), []))
  it("links to what is there, and names metrics that are there", () =>
    assert.deepStrictEqual(checkReferences(real), []))
  it("has been read: the five services, the console, and more than 200 files", () => {
    assert.strictEqual(real.projects.filter(({ tags }) => tags.includes("layer:app")).length, 6)
    assert.isAbove(real.files.size, 200)
  })
})

describe("a planted breach of the layers is found", () => {
  for (const [what, path, text, expected] of [
    ["a protocol lib that uses another", "libs/dtls/src/X.ts", `import { decode } from "@roost/coap"\n`, "not among"],
    [
      "a feature that uses another",
      "libs/edge/src/X.ts",
      `import {\n  a,\n  b\n} from "@roost/downlink"\n`,
      "not among"
    ],
    ["an app that uses a protocol lib", "apps/udp-edge/src/X.ts", `export * from "@roost/dtls"\n`, "not among"],
    ["a protocol lib that runs Effects", "libs/coap/src/X.ts", `import { Effect } from "effect"\n`, "takes bytes"],
    ["a protocol lib that opens sockets", "libs/dtls/src/X.ts", `import "node:dgram"\n`, "takes bytes"],
    ["a path into another project", "libs/edge/src/X.ts", `import { x } from "../../dtls/src/X.ts"\n`, "leaves"],
    ["a module that is loaded later", "libs/edge/src/X.ts", `const x = await import("../../dtls/src/X.ts")\n`, "leaves"]
  ] as const) {
    it(what, () => {
      const [message] = messagesAt(path, checkLayers(withFile(path, text)))
      assert.include(message ?? "nothing", expected)
    })
  }

  it("in a test, which may use the testkit and no other layer than its sources", () => {
    const path = "libs/edge/test/X.test.ts"
    const messages = (text: string) => messagesAt(path, checkLayers(withFile(path, text)))
    assert.include(messages(`import { a } from "@roost/downlink"\n`)[0] ?? "nothing", "may not use")
    assert.deepStrictEqual(messages(`import { natsServer } from "@roost/testkit"\n`), [])
  })

  it("and a path that is no import is none", () => {
    const text = `export const root = resolve(import.meta.dirname, "../../..")\n`
    assert.deepStrictEqual(messagesAt("libs/edge/src/X.ts", checkLayers(withFile("libs/edge/src/X.ts", text))), [])
  })

  it("even if the manifest names what the layer forbids", () => {
    const edge = real.projects.find(({ name }) => name === "@roost/edge")!
    const projects = [
      ...real.projects.filter((project) => project !== edge),
      { ...edge, dependencies: { ...edge.dependencies, "@roost/downlink": "*" } }
    ]
    const planted = { ...withFile("libs/edge/src/X.ts", `import { a } from "@roost/downlink"\n`), projects }
    assert.include(messagesAt("libs/edge/src/X.ts", checkLayers(planted))[0] ?? "nothing", "may not use")
  })
})

describe("a planted breach of the conventions is found", () => {
  for (const [what, path, text, expected] of [
    ["a name that says nothing", "libs/edge/src/utils.ts", "", "says nothing"],
    ["a file that is too long", "libs/edge/src/X.ts", "\n".repeat(600), "lines"],
    ["a test that is left out", "libs/edge/test/X.test.ts", `${leftOut}("x", () => {})\n`, "left out"],
    ["a download address", "package-lock.json", `"resolved": "https://example.org/x.tgz"\n`, "download address"]
  ] as const) {
    it(what, () => {
      const [message] = messagesAt(path, checkConventions(withFile(path, text)))
      assert.include(message ?? "nothing", expected)
    })
  }

  it("a version that is not exact", () => {
    const loose: Project = { folder: "tools/x", name: "@roost/x", tags: [], dependencies: { left: "^1.0.0" } }
    const findings = checkConventions({ files: new Map(), projects: [loose] })
    assert.include(messagesAt("tools/x/package.json", findings)[0] ?? "nothing", "exact version")
  })

  for (const [what, path, text] of [
    ["of a project", "libs/edge/package.json", `{ "name": "@roost/edge", "version": "0.0.9" }`],
    ["of the newest release", "CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## 0.0.9 – 2026-01-01\n"]
  ] as const) {
    it(`a version ${what} that is not root's`, () => {
      assert.include(messagesAt(path, checkConventions(withFile(path, text)))[0] ?? "nothing", "0.0.9")
    })
  }

  it("a project without a README", () => {
    const bare: Project = { folder: "tools/x", name: "@roost/x", tags: [], dependencies: {} }
    const findings = checkConventions({ files: new Map(), projects: [bare] })
    assert.include(messagesAt("tools/x/README.md", findings)[0] ?? "nothing", "is missing")
  })
})

describe("a promise is found", () => {
  const section = "## What is promised, and the test that shows it"
  const test = "tools/tidy/test/Tidy.test.ts"
  for (const [what, promise, expected] of [
    ["that has no test", "- Nothing goes wrong.", "without a test"],
    [
      "whose file of tests is not there",
      `- Nothing goes wrong.\n  \`tools/x/test/X.test.ts\`: \`it\``,
      "X.test.ts has no"
    ],
    [
      "whose test is not there",
      `- Nothing.\n  \`${test}\`: \`it\`;\n  \`${test}\`: \`no ${"such"} test\``,
      "has no test"
    ]
  ] as const) {
    it(what, () => {
      const planted = withFile(
        "SECURITY.md",
        `${section}\n\n- Kept. \`${test}\`: \`it\`\n${promise}\n\n## Next\n\n- an item`
      )
      const findings = checkProofs(planted)
      assert.deepStrictEqual(
        findings.map(({ line }) => line),
        [4]
      )
      assert.include(findings[0]!.message, expected)
    })
  }

  it("if there is none at all", () => {
    assert.lengthOf(checkProofs(withFile("SECURITY.md", "# Security\n")), 1)
  })
})

describe("a variable is found", () => {
  const messages = (path: string, text: string) =>
    checkVariables(withFile(path, text))
      .filter((finding) => finding.path === path)
      .map(({ message }) => message.split(" ")[0])

  it("that is read and not in the table", () => {
    const source = `import { Config } from "effect"\nexport const x = Config.Int("ROOST_X")\n`
    assert.deepStrictEqual(messages("libs/edge/src/X.ts", source), ["ROOST_X"])
    assert.deepStrictEqual(messages("libs/edge/test/X.ts", source), [])
  })

  it("whose name is made of what a function is given", () => {
    const source =
      `import { Config } from "effect"\n\n` +
      "const loginOf = (prefix: string): Config.Config<string> =>\n  Config.String(`${prefix}_USER`)\n\n" +
      "const both = (name: string) =>\n  Config.all([Config.String(name), Config.String(`${name}_PREVIOUS`)])\n\n" +
      `export const x = [loginOf("ROOST_X"), both("ROOST_Y")]\n`
    assert.deepStrictEqual(messages("libs/edge/src/X.ts", source), ["ROOST_Y", "ROOST_X_USER", "ROOST_Y_PREVIOUS"])
  })

  it("that is in the table and that nothing reads", () => {
    const page = real.files.get("docs/variables.md")!
    const planted = page.replace("| `NATS_URL` ", "| `ROOST_X_{A, B}`, `ROOST_Y` ")
    const findings = checkVariables(withFile("docs/variables.md", planted))
    assert.deepStrictEqual(
      findings.map(({ message }) => message.split(" ")[0]),
      ["NATS_URL", "ROOST_X_A:", "ROOST_X_B:", "ROOST_Y:"]
    )
  })
})

describe("a reference to nothing is found", () => {
  for (const [what, text, expected] of [
    ["a file", "[x](../libs/edge/src/Nothing.ts)", "no such file"],
    ["a heading of another page", "[x](architecture.md#8-nothing)", "no such heading"],
    ["a heading of its own", "# Here\n\n[x](#there)", "no such heading"],
    ["a metric", "`roost_nothing_total` grows", "no metric"]
  ] as const) {
    it(what, () => {
      const [message] = messagesAt("docs/x.md", checkReferences(withFile("docs/x.md", text)))
      assert.include(message ?? "nothing", expected)
    })
  }

  it("and none where it is there", () => {
    const text =
      "# Here, `now`\n\n[a](#here-now) [b](architecture.md#8-timers) [c](../libs/edge) [d](https://example.org/#x)\n"
    const fenced = "\n```ts\nopened(x)[y](nothing.ts)\n```\n`roost_nats_connected`\n"
    assert.deepStrictEqual(checkReferences(withFile("docs/x.md", text + fenced)), [])
  })
})
