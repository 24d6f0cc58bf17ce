import { assert, describe, it } from "@effect/vitest"
import { Buckets, type Cluster, Streams } from "@roost/contracts"
import { childProcess, freeTcpPort, temporaryDirectory } from "@roost/testkit"
import { Effect, Layer } from "effect"
import { chmodSync, writeFileSync } from "node:fs"
import type { RequestListener } from "node:http"
import { join } from "node:path"
import { Api } from "../src/api/Api.ts"
import { isOpenToOthers } from "../src/context/ContextFile.ts"
import { type Found, FoundContext } from "../src/context/FindContext.ts"
import { examineAddresses, judgeClock, judgeCluster, judgeReadiness } from "../src/doctor/Addresses.ts"
import { type AppName, type AppVariables, judgeVariables } from "../src/doctor/Configuration.ts"
import { type Fault, faults, type Finding } from "../src/doctor/Finding.ts"
import { dropsOf, judgeMachine, type Machine, receiveBufferWanted } from "../src/doctor/Machine.ts"
import { httpServer } from "./support/InProcess.ts"
import { examineNats, judgeNatsClock, judgeServer, judgeStreams } from "../src/doctor/Nats.ts"

const named = (findings: ReadonlyArray<Finding>): ReadonlyArray<Fault> => [
  ...new Set(findings.map(({ fault }) => fault))
]

/** A key of 32 bytes that differ. */
const key = (from: number): string =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => (from + i * 7) % 256)).toString("hex")

const wellVariables: Readonly<Record<AppName, Readonly<Record<string, string>>>> = {
  registry: {
    ROOST_CLUSTER_KEY: key(1),
    ROOST_REGISTRY_KEY: key(2),
    ROOST_API_TOKEN: "t".repeat(16),
    NATS_URL: "nats://n1"
  },
  "session-actors": { ROOST_CLUSTER_KEY: key(1), NATS_URL: "nats://n1" },
  "udp-edge": { ROOST_ROUTING_KEY: key(3), NATS_URL: "nats://n1" },
  "downlink-queue": { ROOST_API_TOKEN: "t".repeat(16), NATS_URL: "nats://n1" },
  sinks: { ROOST_CLUSTER_KEY: key(1), NATS_URL: "nats://n1" }
}

/** The variables of a Roost that is well, but for these. */
const variables = (changed: Partial<Record<AppName, Readonly<Record<string, string | undefined>>>>) =>
  Object.entries(wellVariables).map(([app, values]): AppVariables => ({
    app: app as AppName,
    from: `${app}.env`,
    values: { ...values, ...changed[app as AppName] }
  }))

const wellMachine: Machine = {
  receiveBufferMax: receiveBufferWanted,
  drops: 0,
  openFilesMax: 65_536,
  disks: [{ folder: "/data", bytes: 1000, free: 500, fileStore: 700 }]
}
const disk = wellMachine.disks[0]!

const wellNode = {
  node: "n",
  host: "h",
  version: "1",
  nodeVersion: "v26",
  since: 0,
  lastSeen: 0,
  ready: true,
  checks: {},
  cpu: 0,
  memoryBytes: 0,
  lagMillis: 0
}
const wellCluster: Cluster = {
  at: 0,
  nodes: ["registry", "downlink-queue", "session-actors", "udp-edge"].map((app) => Object.assign({ app }, wellNode)),
  partitions: [2, 2],
  streams: [],
  natsServers: [],
  problems: []
}

type Stream = Parameters<typeof judgeStreams>[0][number]
const wellStreams = [
  ...Object.values(Streams).map(({ name }) => name),
  ...Object.values(Buckets).map(({ name }) => `KV_${name}`)
].map((name) => streamOf(name, {}, 0))

function streamOf(name: string, config: object, bytes: number, cluster?: object): Stream {
  return {
    config: { name, max_bytes: 100, num_replicas: 3, ...config },
    state: { bytes },
    cluster
  } as unknown as Stream
}

const withStream = (stream: Stream) => [...wellStreams.slice(1), stream]
const first = wellStreams[0]!.config.name

/** Findings after a fault was planted, by the fault that the doctor has to name. */
const planted: Partial<Record<Fault, () => ReadonlyArray<Finding>>> = {
  "variable-unknown": () => judgeVariables(variables({ registry: { ROOST_API_TOKN: "x" } })),
  "key-missing": () => judgeVariables(variables({ "udp-edge": { ROOST_ROUTING_KEY: undefined } })),
  "key-malformed": () => judgeVariables(variables({ registry: { ROOST_REGISTRY_KEY: "q83vASNFZ4k=" } })),
  "key-weak": () => judgeVariables(variables({ registry: { ROOST_REGISTRY_KEY: "0123456789abcdef".repeat(4) } })),
  "key-shared": () => judgeVariables(variables({ registry: { ROOST_REGISTRY_KEY: key(1) } })),
  "cluster-keys-differ": () => judgeVariables(variables({ "session-actors": { ROOST_CLUSTER_KEY: key(9) } })),
  "routing-keys-differ": () => judgeVariables(variables({ "session-actors": { ROOST_ROUTING_KEY: key(9) } })),
  "token-weak": () =>
    judgeVariables(
      variables({ registry: { ROOST_API_TOKEN: "short" }, "downlink-queue": { ROOST_API_TOKEN: "short" } })
    ),
  "tokens-differ": () => judgeVariables(variables({ registry: { ROOST_API_TOKEN: "u".repeat(16) } })),
  "nats-addresses-differ": () => judgeVariables(variables({ "udp-edge": { NATS_URL: "nats://user:pass@n2" } })),
  "port-taken": () => judgeVariables(variables({ "udp-edge": { ROOST_EDGE_PORT: "8080" } })),
  "receive-buffer-small": () => judgeMachine({ ...wellMachine, receiveBufferMax: 212_992 }),
  "datagrams-dropped": () => judgeMachine({ ...wellMachine, drops: 3 }),
  "files-few": () => judgeMachine({ ...wellMachine, openFilesMax: 1_024 }),
  "disk-nearly-full": () => judgeMachine({ ...wellMachine, disks: [{ ...disk, free: 50 }] }),
  "file-store-too-large": () => judgeMachine({ ...wellMachine, disks: [{ ...disk, fileStore: 1_001 }] }),
  "app-missing": () => judgeCluster({ ...wellCluster, nodes: wellCluster.nodes.slice(0, 3) }),
  "partitions-unserved": () => judgeCluster({ ...wellCluster, partitions: [2, null] }),
  "versions-differ": () =>
    judgeCluster({ ...wellCluster, nodes: [...wellCluster.nodes, { ...wellNode, app: "registry", version: "2" }] }),
  "not-ready": () => judgeReadiness("registry", '{"ready":false,"checks":{"nats":"no answer","api":"ok"}}'),
  "clock-apart": () =>
    judgeClock("Mon, 30 Nov 2026 11:00:00 GMT", Date.UTC(2026, 10, 30, 12), Date.UTC(2026, 10, 30, 12)),
  "nats-old": () => judgeServer("2.10.22", 1_048_576),
  "nats-payload-small": () => judgeServer("2.10.27", 65_536),
  "nats-clock-apart": () =>
    judgeNatsClock("2026-11-30T11:00:00.123456789Z", Date.UTC(2026, 10, 30, 12), Date.UTC(2026, 10, 30, 12)),
  "stream-missing": () => judgeStreams(wellStreams.slice(1), 3),
  "stream-nearly-full": () => judgeStreams(withStream(streamOf(first, {}, 81)), 3),
  "stream-replicas": () => judgeStreams(withStream(streamOf(first, { num_replicas: 1 }, 0)), 3),
  "stream-behind": () => judgeStreams(withStream(streamOf(first, {}, 0, { replicas: [{ current: false }] })), 3)
}

/** Those that a test below plants into a real process or file. */
const plantedForReal: ReadonlyArray<Fault> = [
  "address-silent",
  "address-not-roost",
  "token-refused",
  "file-open",
  "nats-silent",
  "nats-login-refused",
  "nats-open",
  "jetstream-off",
  "permission-missing"
]

describe("the doctor", () => {
  it("finds nothing where all is well", () => {
    assert.deepStrictEqual(judgeVariables(variables({})), [])
    assert.deepStrictEqual(judgeMachine(wellMachine), [])
    assert.deepStrictEqual(judgeCluster(wellCluster), [])
    assert.deepStrictEqual(judgeStreams(wellStreams, 3), [])
    assert.deepStrictEqual(judgeServer("2.11.0", 8_388_608), [])
    const noon = Date.UTC(2026, 10, 30, 12)
    assert.deepStrictEqual(judgeClock("Mon, 30 Nov 2026 12:00:00 GMT", noon, noon + 500), [])
    assert.deepStrictEqual(judgeNatsClock("2026-11-30T12:00:00.1Z", noon, noon + 500), [])
  })

  for (const [fault, plant] of Object.entries(planted)) {
    it(`names ${fault}, and nothing else`, () => {
      const findings = plant()
      assert.deepStrictEqual(named(findings), [fault as Fault])
      for (const { cure, expected, what } of findings)
        assert.isAbove(Math.min(cure.length, expected.length, what.length), 3)
    })
  }

  it("finds nothing while a key or a token is exchanged: each app takes what the others have", () => {
    const [before, after] = ["t".repeat(16), "u".repeat(16)]
    const both = {
      registry: {
        ROOST_API_TOKEN: after,
        ROOST_API_TOKEN_PREVIOUS: before,
        ROOST_CLUSTER_KEY: key(9),
        ROOST_CLUSTER_KEY_PREVIOUS: key(1)
      },
      "session-actors": { ROOST_CLUSTER_KEY_PREVIOUS: key(9) },
      sinks: { ROOST_CLUSTER_KEY_PREVIOUS: key(9) },
      "downlink-queue": { ROOST_API_TOKEN_PREVIOUS: after }
    }
    assert.deepStrictEqual(named(judgeVariables(variables(both))), [])
    assert.deepStrictEqual(named(judgeVariables(variables({ ...both, "downlink-queue": {} }))), ["tokens-differ"])
  })

  it("every fault that it names is planted", () => {
    assert.deepStrictEqual([...Object.keys(planted), ...plantedForReal].toSorted(), Object.keys(faults).toSorted())
  })

  it("shows no key, token or login", () => {
    const all = Object.values(planted).flatMap((plant) => plant())
    assert.notMatch(JSON.stringify(all), new RegExp(`${key(1)}|${key(9)}|q83vASNF|uuuuuuuu|user:pass`))
  })

  it("reads the kernel's count of dropped datagrams by port", () => {
    const table = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
      " 3083: 0100007F:1634 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 331 2 0000000000000000 17",
      " 3084: 0100007F:1635 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 332 2 0000000000000000 9"
    ].join("\n")
    assert.strictEqual(dropsOf(5684, table), 17)
    assert.isUndefined(dropsOf(1, table))
  })
})

const examineAt = (url: string) => {
  const found: Found = { name: "test", url, token: "t", from: "a test", local: undefined }
  return Effect.map(
    examineAddresses(found).pipe(Effect.provide(Api.layer.pipe(Layer.provide(Layer.succeed(FoundContext, found))))),
    named
  )
}

const json = (response: Parameters<RequestListener>[1], status: number, body: unknown) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))

describe("the doctor, beside real processes", () => {
  it.live("names addresses where nothing, another program, or a Roost with another token answers", () =>
    Effect.gen(function* () {
      const nobody = `http://127.0.0.1:${yield* freeTcpPort}`
      assert.deepStrictEqual(yield* examineAt(nobody), ["address-silent"])
      const other = yield* httpServer((_, response) => void response.end("It works!"))
      assert.include(yield* examineAt(other.url), "address-not-roost")
      const guarded = yield* httpServer(({ url }, response) =>
        url === "/readyz"
          ? json(response, 200, { ready: true, checks: {} })
          : json(response, 401, { type: "urn:roost:problem:unauthorized", status: 401, title: "No." })
      )
      assert.deepStrictEqual(yield* examineAt(guarded.url), ["token-refused"])
      const well = yield* httpServer(({ url }, response) =>
        json(response, 200, url === "/readyz" ? { ready: true, checks: {} } : wellCluster)
      )
      assert.deepStrictEqual(yield* examineAt(well.url), [])
    }).pipe(Effect.scoped)
  )

  it.live("names a nats-server that is away, refuses, lets everybody in, lacks JetStream or permissions", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryDirectory
      const login = { user: "registry", password: "pright", from: "registry.env" }
      const port = yield* freeTcpPort
      const url = `nats://127.0.0.1:${port}`
      const examine = (given: Parameters<typeof examineNats>[0]) =>
        Effect.map(
          Effect.promise(() => examineNats(given, undefined)),
          named
        )
      assert.deepStrictEqual(yield* examine({ ...login, url }), ["nats-silent"])
      const config = join(folder, "nats.conf")
      writeFileSync(
        config,
        `listen: 127.0.0.1:${port}
authorization { users: [ { user: registry, password: pright, permissions: { publish: ">", subscribe: ["_INBOX.registry.>"] } } ] }`
      )
      yield* childProcess({ command: "nats-server", args: ["-c", config], readyWhen: /Server is ready/ })
      assert.deepStrictEqual(yield* examine({ ...login, url, password: "pwrong" }), ["nats-login-refused"])
      const found = yield* examine({ ...login, url })
      assert.includeMembers([...found], ["permission-missing", "jetstream-off"])
      const openPort = yield* freeTcpPort
      yield* childProcess({
        command: "nats-server",
        args: ["-a", "0.0.0.0", "-p", String(openPort)],
        readyWhen: /Server is ready/
      })
      const ofOpen = yield* examine({
        url: `nats://0.0.0.0:${openPort}`,
        user: undefined,
        password: undefined,
        from: ""
      })
      assert.include(ofOpen, "nats-open")
    }).pipe(Effect.scoped)
  )

  it.live("a file of secrets is its owner's alone", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "registry.env")
      writeFileSync(file, "ROOST_API_TOKEN=x\n")
      chmodSync(file, 0o640)
      assert.isTrue(isOpenToOthers(file))
      chmodSync(file, 0o600)
      assert.isFalse(isOpenToOthers(file))
    }).pipe(Effect.scoped)
  )
})
