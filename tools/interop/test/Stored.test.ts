import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Device } from "@roost/device"
import { eventually, RoostProcesses } from "@roost/testkit"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct } from "../src/Fixtures.ts"

// A store that is full, or that loses its streams, under real processes and a real nats-server.

let roost: RoostProcesses
beforeAll(async () => {
  roost = await RoostProcesses.start()
  await createProduct(roost, "pkStored")
})
afterAll(() => roost?.[Symbol.asyncDispose]())

const online = async (deviceKey: string) => {
  const registered = await createDevice(roost, "pkStored", deviceKey)
  let handshakes = 0
  const device = new Device({
    host: "127.0.0.1",
    port: roost.udpPort,
    productKey: registered.productKey,
    deviceKey,
    onEvent: ({ _tag }) => {
      if (_tag === "Connecting") handshakes++
    }
  })
  await device.connect(registered.deviceSecret)
  return { device, handshakes: () => handshakes, report: async () => (await device.report({ temp: 1 })).code }
}

const onStreams = async <A>(use: (streams: Awaited<ReturnType<typeof jetstreamManager>>["streams"]) => Promise<A>) => {
  const client = await connect({ servers: roost.natsUrl })
  try {
    return await use((await jetstreamManager(client)).streams)
  } finally {
    await client.close()
  }
}

/** No room for one more; a smaller limit would drop what is there. */
const fill = (name: string) =>
  onStreams(async (streams) => {
    const { state } = await streams.info(name)
    await streams.update(name, { max_bytes: state.bytes + 1 })
  })

const readiness = async (app: string): Promise<number> => {
  const { port } = roost.apps.find((one) => one.app === app)!
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).status
}

const stored = 68
const unavailable = 160

describe("a store without room", () => {
  it("5.00 while no lease can be renewed for want of room, and no handshake afterwards (trust F3)", async () => {
    const { device, handshakes, report } = await online("lease")
    try {
      assert.strictEqual(await report(), stored)
      // Refused as for want of room, which would come and go with the sizes of what is overwritten.
      await onStreams((streams) => streams.update("KV_LEASES", { max_msg_size: 1 }))
      // The lease runs out.
      await eventually(
        () => readiness("session-actors"),
        (status) => status === 503
      )
      for (let i = 0; i < 3; i++) assert.strictEqual(await report(), unavailable)
      await onStreams((streams) => streams.update("KV_LEASES", { max_msg_size: -1 }))
      await eventually(report, (code) => code === stored)
      assert.strictEqual(handshakes(), 1)
    } finally {
      await device.close()
    }
  })

  it("5.00 while UPLINK is full, 2.04 as soon as it is not (trust B4)", async () => {
    const { device, handshakes, report } = await online("uplink")
    try {
      await fill("UPLINK")
      assert.strictEqual(await report(), unavailable)
      await onStreams((streams) => streams.update("UPLINK", { max_bytes: 64 * 1024 * 1024 }))
      assert.strictEqual(await report(), stored)
      assert.strictEqual(handshakes(), 1)
    } finally {
      await device.close()
    }
  })
})

describe("streams that vanish under running apps", () => {
  it("are there again, and devices get in (trust B3)", async () => {
    for (const name of ["UPLINK", "KV_SESSIONS", "KV_LEASES", "KV_STORE"]) {
      await onStreams((streams) => streams.delete(name))
    }
    await eventually(
      () => readiness("session-actors"),
      (status) => status === 503
    )
    await eventually(
      () => readiness("session-actors"),
      (status) => status === 200
    )
    const { device, report } = await online("after")
    try {
      assert.strictEqual(await report(), stored)
    } finally {
      await device.close()
    }
  })
})
