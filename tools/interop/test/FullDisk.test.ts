import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Device } from "@roost/device"
import { eventually, RoostProcesses, SmallDisk } from "@roost/testkit"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { createDevice, createProduct } from "../src/Fixtures.ts"

// Something else fills the disk that nats-server stores on, under real processes.

const diskBytes = 64 * 1024 * 1024
const stored = 68
const unavailable = 160
const product = "pkFullDisk"

const onFullDisk = async (
  binary: "path" | "newest",
  expected: {
    /** The server has to be ended and started again when there is room. */
    readonly hangs: boolean
    readonly named: RegExp
  }
): Promise<void> => {
  using disk = SmallDisk.mount(diskBytes)
  await using roost = await RoostProcesses.start({
    nats: { binary, storeDirectory: `${disk.directory}/nats` },
    env: { ROOST_NATS_FILE_STORE: String(diskBytes / 2) }
  })
  const server = roost.nats[0]!
  const restart = async () => {
    await Effect.runPromise(server.stop("SIGKILL"))
    await Effect.runPromise(server.start)
  }
  const ask = (app: string, path: string) => {
    const { port } = roost.apps.find((one) => one.app === app)!
    return fetch(`http://127.0.0.1:${port}${path}`).then((response) => response.text())
  }
  const says = (app: string, path: string, what: RegExp) =>
    eventually(
      () => ask(app, path),
      (text) => what.test(text)
    )
  await createProduct(roost, product)
  const { deviceSecret } = await createDevice(roost, product, "d")
  let handshakes = 0
  const device = new Device({
    host: "127.0.0.1",
    port: roost.udpPort,
    productKey: product,
    deviceKey: "d",
    onEvent: ({ _tag }) => {
      if (_tag === "Connecting") handshakes++
    }
  })
  try {
    await device.connect(deviceSecret)
    let acknowledged = 0
    const report = async () => {
      const { code } = await device.report({ temp: 1 })
      if (code === stored) acknowledged++
      return code
    }
    assert.strictEqual(await report(), stored)

    disk.fill()
    if (!expected.hangs) {
      // It also takes the room that the server frees by itself.
      await eventually(
        () => (disk.fill(), report()),
        (code) => code === unavailable
      )
      await says("session-actors", "/readyz", /the store refuses to renew it: .*no space left on device/)
      for (let i = 0; i < 3; i++) assert.strictEqual(await report(), unavailable)
    }
    await eventually(
      () => (disk.fill(), ask("registry", "/readyz")),
      (text) => expected.named.test(text)
    )
    const registry = roost.apps.find(({ app }) => app === "registry")!
    await eventually(
      async () => registry.output,
      (output) => expected.named.test(output)
    )
    await says("registry", "/metrics", /^roost_nats_store_takes 0$/m)

    disk.free()
    if (expected.hangs) await restart()
    await eventually(report, (code) => code === stored)
    for (const { app } of roost.apps) await says(app, "/readyz", /"ready":true/)
    await says("registry", "/metrics", /^roost_nats_store_takes 1$/m)
    assert.strictEqual(handshakes, 1)

    // The stream has the events that were told while nothing could be stored, and acknowledged uplinks survive the next restart.
    const client = await connect({ servers: roost.natsUrl, maxReconnectAttempts: -1 })
    try {
      const { streams } = await jetstreamManager(client)
      const told = async () => {
        const { state } = await streams.info("EVENT", { subjects_filter: "roost.event.operator.>" })
        return Object.keys(state.subjects ?? {})
      }
      const both = ["roost.event.operator.store-refuses", "roost.event.operator.store-takes-again"]
      await eventually(told, (subjects) => subjects.length === both.length)
      await restart()
      await eventually(report, (code) => code === stored)
      assert.sameMembers(await told(), both)
      assert.isAtLeast((await streams.info("UPLINK")).state.messages, acknowledged)
    } finally {
      await client.close()
    }
  } finally {
    await device.close()
  }
}

describe("a full disk under nats-server (a tmpfs of its own, which root may mount)", () => {
  it(
    "is 5.00 for devices and named to the operator, and everything goes on by itself when there is room (trust B4)",
    () => onFullDisk("newest", { hangs: false, named: /no space left on device; the disk of nats-server .* is full/ }),
    300_000
  )

  it(
    "is named to the operator with nats-server 2.9 too, which hangs until it is killed (trust F3)",
    () => onFullDisk("path", { hangs: true, named: /nats-server 2\.9\.\d+ hangs when its disk is full/ }),
    300_000
  )
})
