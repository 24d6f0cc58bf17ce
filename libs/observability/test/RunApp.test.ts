import { assert, describe, it } from "@effect/vitest"
import { freeTcpPort, Program } from "@roost/testkit"
import { Effect } from "effect"
import { once } from "node:events"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"

const fixture = fileURLToPath(new URL("fixtures/app.ts", import.meta.url))

interface Ended {
  readonly code: number | null
  /** Each line of the log. */
  readonly lines: ReadonlyArray<Readonly<Record<string, string>>>
  readonly messages: ReadonlyArray<string>
  readonly stdout: string
  readonly stderr: string
}

const { NODE_COMPILE_CACHE = "", PATH = "" } = process.env
const inherited = { NODE_COMPILE_CACHE, PATH }

/** Runs the app; sends each signal once the app printed what is before it: SIGTERM after `until`. */
const run = async (env: Record<string, string>, until?: string): Promise<Ended> =>
  runWith(env, until === undefined ? [] : [[until, "SIGTERM"]])

const runWith = async (
  env: Record<string, string>,
  signals: ReadonlyArray<readonly [until: string, signal: NodeJS.Signals]>
): Promise<Ended> => {
  let asked = 0
  const program: Program = new Program({
    command: process.execPath,
    args: [fixture],
    env: { ...inherited, ...env },
    onOutput: () => {
      const next = signals[asked]
      if (next === undefined || !program.stdout.includes(next[0])) return
      // Once: a second signal, sent while it shuts down, would end it at once.
      asked++
      program.signal(next[1])
    }
  })
  const { code } = await program.exited
  const { stderr, stdout } = program
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  return { code, lines, messages: lines.map(({ message }) => message), stdout, stderr }
}

const key = { ROOST_CLUSTER_KEY: "a".repeat(64) }
const configured = async () => ({ ...key, ROOST_EDGE_PORT: String(await Effect.runPromise(freeTcpPort)) })

describe("an app", () => {
  it("names everything that is missing or wrong at once, a line each, without secrets, and exits with 1", async () => {
    const ended = await run({ ROOST_CLUSTER_KEY: "my-secret", ROOST_EDGE_PORT: "70000", ROOST_LOG_LEVEL: "loud" })
    assert.strictEqual(ended.code, 1)
    assert.deepStrictEqual(
      ended.lines.map(({ level, variable }) => [level, variable]),
      [
        ["FATAL", "ROOST_CLUSTER_KEY"],
        ["FATAL", "ROOST_EDGE_PORT"],
        ["FATAL", "ROOST_LOG_LEVEL"]
      ]
    )
    assert.match(ended.messages[0]!, /^configuration: ROOST_CLUSTER_KEY: expected 64 hexadecimal digits$/)
    assert.match(ended.messages[1]!, /^configuration: ROOST_EDGE_PORT: .* 65535; it is "70000"$/)
    assert.notInclude(ended.stderr + ended.stdout, "my-secret")
    const missing = await run({})
    assert.deepStrictEqual(missing.messages, [
      "configuration: ROOST_CLUSTER_KEY: expected 64 hexadecimal digits; it is not set"
    ])
  })

  it("names the variable of a port that another process has", async () => {
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    const port = (taken.address() as { readonly port: number }).port
    const ended = await run({ ...key, ROOST_EDGE_PORT: String(port) })
    taken.close()
    assert.strictEqual(ended.code, 1)
    assert.lengthOf(ended.lines, 1)
    assert.match(ended.messages[0]!, new RegExp(`ROOST_EDGE_PORT: expected a free port.* 127.0.0.1 port ${port} `))
  })

  it("says what it is, what is configured and where it listens; on SIGTERM that it drains, and exits with 0", async () => {
    const env = { ...(await configured()), ROOST_EDGE_PROT: "1", NATS_URI: "x", NATS_SERVICE_HOST: "x" }
    const { code, lines, messages } = await run(env, "started")
    assert.strictEqual(code, 0)
    const said = messages.join("\n")
    for (const what of [
      /nothing reads ROOST_EDGE_PROT \(meant: ROOST_EDGE_PORT\?\), NATS_URI \(meant: NATS_URL\?\)$/m,
      /^fixture \d+\.\d+\.\d+ starts, Node v\d.*; configured: ROOST_CLUSTER_KEY \(set\), ROOST_EDGE_PORT=\d+$/m,
      /^listens for HTTP on http:\/\/127\.0\.0\.1:\d+$/m,
      /^draining, asked by SIGTERM\nreleased\n/m,
      /^ended after \d+ s, drained in \d+\.\d s$/m
    ]) {
      assert.match(said, what)
    }
    assert.isTrue(lines.every(({ app, level, timestamp }) => app === "fixture" && level !== "" && timestamp !== ""))
    for (const field of ["service", "node", "version"])
      assert.isTrue(
        lines.every((line) => (line[field] ?? "") !== ""),
        field
      )
    assert.deepStrictEqual(
      lines
        .filter((line) => "trace" in line || "span" in line)
        .map(({ message, span, trace }) => [message, trace, span]),
      [["in a span", "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]]
    )
  })

  it("goes on at SIGHUP, by which nothing changes, and says how settings are changed", async () => {
    const { code, messages } = await runWith(await configured(), [
      ["started", "SIGHUP"],
      ["SIGHUP changes nothing", "SIGTERM"]
    ])
    assert.strictEqual(code, 0)
    assert.match(
      messages.join("\n"),
      /SIGHUP changes nothing: .* restart it .*\ndraining, asked by SIGTERM\nreleased\n/
    )
  })

  for (const [fault, message] of [
    ["die", "the app ended: Error: a defect"],
    ["throw", "the app crashed (uncaughtException): Error: thrown"],
    ["reject", "the app crashed (unhandledRejection): Error: rejected"]
  ] as const) {
    it(`ends with one line of its log, the stack in a field: ${fault}`, async () => {
      const { code, lines, stderr } = await run({ ...(await configured()), FIXTURE_FAULT: fault })
      assert.strictEqual(code, 1)
      const fatal = lines.filter(({ level }) => level === "FATAL")
      assert.lengthOf(fatal, 1)
      assert.strictEqual(fatal[0]!["message"], message)
      assert.include(fatal[0]!["cause"], "app.ts")
      assert.strictEqual(stderr, "")
    })
  }

  it("has one line for what floods its log, and Node's warnings among its own", async () => {
    const warned = await run({ ...(await configured()), FIXTURE_FAULT: "warn" }, "odd")
    assert.isTrue(warned.messages.includes("Node: Warning: odd"))
    assert.strictEqual(warned.stderr, "")
    const flooded = await run({ ...(await configured()), FIXTURE_FAULT: "flood" }, "nonsense")
    const ofDevices = flooded.messages.filter((message) => message.includes("sent nonsense"))
    assert.isBelow(ofDevices.length, 30)
    assert.match(
      flooded.messages.at(-1)!,
      /^\d+ lines of the last minute were left out: \d+ × WARN device … sent nonsense$/
    )
  })
})
