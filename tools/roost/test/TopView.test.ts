import { assert, describe, it } from "@effect/vitest"
import type { Cluster, FleetSummary } from "@roost/contracts"
import { Effect } from "effect"
import { topLines } from "../src/commands/TopView.ts"
import type { Printer } from "../src/output/Printer.ts"
import { widthOf } from "../src/output/Table.ts"

const byStatus = { inactive: 1, online: 3, offline: 0, disabled: 0 }
const summary: FleetSummary = {
  at: 1_795_476_031_270,
  devices: {
    countedAt: 1_795_476_031_270,
    total: 4,
    byStatus,
    byProduct: Array.from({ length: 30 }, (_, i) => ({
      productKey: `p${i}`,
      productName: "计量表",
      total: 4,
      byStatus
    }))
  },
  rates: {
    uplinksPerSecond: 123.4,
    handshakesPerSecond: 0.25,
    resumptionsPerSecond: 0,
    requestsPerSecond: 0,
    commandsPerSecond: 0
  },
  refusals: [{ code: "handshake.WrongKey", app: "session-actors", count: 7, perSecond: 0.5 }],
  commands: {
    byState: { created: 2, cancelled: 0, expired: 0, sent: 0, succeeded: 0, failed: 0, timedOut: 0 }
  }
}
const cluster: Cluster = {
  at: 0,
  nodes: [
    {
      app: "udp-edge",
      node: "e\u001b[31m1",
      host: "h",
      version: "1",
      nodeVersion: "v26",
      since: 0,
      lastSeen: 0,
      ready: false,
      checks: { nats: "no answer" },
      cpu: 0.42,
      memoryBytes: 163_574_336,
      lagMillis: 3
    }
  ],
  partitions: [],
  streams: [{ name: "UPLINK", messages: 9, bytes: 90, bytesMax: 100, replicas: 1, consumers: [] }],
  natsServers: [],
  problems: ["x".repeat(300)]
}

const printer: Printer = { out: () => Effect.void, tell: () => Effect.void, columns: 80, colours: false }

describe("the screen of roost top", () => {
  it("has devices, rates, processes that are not ready, refusals and how full streams are", () => {
    const text = topLines({ url: "http://r", summary, cluster }, printer, 100).join("\n")
    for (const part of ["3 online of 4", "123 uplinks/s", "0.3 handshakes/s", "2 created", "42 %", "164 MB", "90 %"]) {
      assert.include(text, part)
    }
    assert.match(text, /udp-edge +e\\x1b\[31m1 +h +1 +nats/)
    assert.match(text, /handshake\.WrongKey +session-actors +7/)
  })

  it("fits: as many lines as there are rows, what is wrong within the terminal's width", () => {
    const lines = topLines({ url: "http://r", summary, cluster }, printer, 20)
    assert.strictEqual(lines.length, 20)
    const problem = lines.find((line) => line.startsWith("✗"))!
    assert.isAtMost(widthOf(problem), 80)
    assert.isBelow(lines.filter((line) => line.includes("计量表")).length, 10)
  })
})
