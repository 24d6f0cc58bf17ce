import { afterEach, assert, describe, it } from "vitest"
import { once } from "node:events"
import { createServer as createPlain } from "node:http"
import { type AddressInfo, createServer, type Server } from "node:net"
import { createServer as createSecured } from "node:tls"
import { tlsMismatch } from "../src/TlsMismatch.ts"

const servers: Array<Server> = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const at = async (server: Server): Promise<number> => {
  servers.push(server.listen(0, "127.0.0.1"))
  await once(server, "listening")
  return (server.address() as AddressInfo).port
}

const told = async (url: string): Promise<string | undefined> => {
  try {
    await fetch(url)
  } catch (error) {
    return tlsMismatch(error, url)
  }
  return "it answered"
}

describe("the error of a client", () => {
  it("that speaks TLS to a port without says so, in place of OpenSSL's words", async () => {
    const port = await at(createPlain((_, response) => void response.end("ok")))
    const expected = "the port speaks no TLS: write http:// in place of https://"
    assert.strictEqual(await told(`https://127.0.0.1:${port}/`), expected)
    assert.strictEqual(await told(`http://127.0.0.1:${port}/`), "it answered")
  })

  it("that speaks none to a port with TLS names it, surely where an alert came", async () => {
    const closed = await at(createSecured())
    assert.match((await told(`http://127.0.0.1:${closed}/`))!, /if the port speaks TLS, write https:\/\//)
    const alerting = await at(
      createServer((socket) => {
        socket.on("error", () => undefined).once("data", () => socket.end(Buffer.from("15030100020246", "hex")))
      })
    )
    const expected = "the port speaks TLS: write https:// in place of http://"
    assert.strictEqual(await told(`http://127.0.0.1:${alerting}/`), expected)
  })

  it("of another kind, or another protocol, is not explained so", async () => {
    assert.isUndefined(await told("http://127.0.0.1:1/"))
    assert.isUndefined(tlsMismatch(Object.assign(new Error("x"), { code: "ECONNRESET" }), "nats://a:4222"))
    const wrong = Object.assign(new Error("wrong version number"), { code: "ERR_SSL_WRONG_VERSION_NUMBER" })
    assert.strictEqual(
      tlsMismatch(new Error("outer", { cause: wrong }), "mqtts://b:1883"),
      "the port speaks no TLS: write mqtt:// in place of mqtts://"
    )
  })
})
