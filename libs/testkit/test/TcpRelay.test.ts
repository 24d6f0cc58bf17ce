import { once } from "node:events"
import { type AddressInfo, connect, createServer } from "node:net"
import { assert, describe, it } from "vitest"
import { TcpRelay } from "../src/index.ts"

describe("a TCP relay", () => {
  it("passes bytes both ways, none while it is cut, and those that waited once it is whole", async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1")
    await once(echo, "listening")
    const relay = await TcpRelay.to((echo.address() as AddressInfo).port)
    const client = connect(relay.port, "127.0.0.1")
    try {
      const received: Array<string> = []
      client.setEncoding("utf8").on("data", (text: string) => received.push(text))
      const until = async (text: string) => {
        while (received.join("") !== text) await once(client, "data")
      }
      client.write("a")
      await until("a")
      relay.cut()
      client.write("b")
      // Through another relay and back: what could pass has passed by then.
      await using other = await TcpRelay.to((echo.address() as AddressInfo).port)
      const probe = connect(other.port, "127.0.0.1")
      probe.write("x")
      await once(probe, "data")
      probe.destroy()
      assert.strictEqual(received.join(""), "a")
      relay.heal()
      await until("ab")
    } finally {
      client.destroy()
      await relay[Symbol.asyncDispose]()
      echo.close()
    }
  })
})
