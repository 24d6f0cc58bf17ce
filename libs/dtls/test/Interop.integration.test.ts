import { type ChildProcess, spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { makeServer } from "./support/handshake.ts"
import { defaultIdentity } from "./support/ScriptedClient.ts"
import { Server } from "./support/Server.ts"

/** As text, since coap-client takes its key as text; as hex for the others. */
const psk = "0123456789abcdef"
const pskHex = Buffer.from(psk).toString("hex")

async function listen(): Promise<{ readonly server: Server; readonly port: number }> {
  const key = new Uint8Array(Buffer.from(psk))
  const server = makeServer({ echo: true, pskOf: (identity) => (identity === defaultIdentity ? key : undefined) })
  const socket = createSocket("udp4")
  socket.on("message", (bytes, from) => {
    const name = `${from.address}:${from.port}`
    const peer = { key: name, address: new Uint8Array(Buffer.from(name)) }
    for (const datagram of server.receive(Date.now(), peer, new Uint8Array(bytes))) {
      socket.send(datagram, from.port, from.address)
    }
  })
  socket.bind(0, "127.0.0.1")
  await once(socket, "listening")
  onTestFinished(() => void socket.close())
  return { server, port: socket.address().port }
}

/** Runs a client, says one line once `ready` shows in its output, and resolves with the output when the echo is there. */
async function talk(command: ReadonlyArray<string>, ready: RegExp, line: string): Promise<string> {
  const client: ChildProcess = spawn(command[0]!, command.slice(1), { stdio: "pipe" })
  onTestFinished(() => void client.kill("SIGKILL"))
  let output = ""
  let said = false
  const exited = once(client, "close")
  const read = (chunk: Buffer): void => {
    output += chunk.toString()
    if (!said && ready.test(output)) {
      said = true
      client.stdin!.write(`${line}\n`)
    }
    if (said && output.includes(`\n${line}\n`)) client.stdin!.end()
  }
  client.stdout!.on("data", read)
  client.stderr!.on("data", read)
  await exited
  return output
}

const openssl = (port: number, suite: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> =>
  `openssl s_client -dtls1_2 -connect 127.0.0.1:${port} -psk ${pskHex} -psk_identity ${defaultIdentity} -cipher ${suite}:@SECLEVEL=0`
    .split(" ")
    .concat(more)

const gnutls = (port: number, cipher: string, flags: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> => {
  const priority = `NONE:+VERS-DTLS1.2:+PSK:+${cipher}:+COMP-NULL:+SIGN-ALL:+GROUP-ALL${flags}`
  return ["gnutls-cli", "--udp", `--port=${port}`, `--priority=${priority}`, `--pskusername=${defaultIdentity}`].concat(
    [`--pskkey=${pskHex}`],
    more,
    "127.0.0.1"
  )
}

describe.runIf(process.env["ROOST_INTEGRATION"] === "1")("real clients", () => {
  it.each([
    ["PSK-AES128-CCM8", []],
    ["PSK-AES128-CCM8", ["-maxfraglen", "512"]],
    ["PSK-AES128-CBC-SHA256", []],
    ["PSK-AES128-CBC-SHA256", ["-no_etm"]]
  ])("openssl s_client %s %j", async (suite, more) => {
    const { port, server } = await listen()
    const output = await talk(openssl(port, suite, ...more), /Extended master secret: yes/, "over openssl")
    assert.include(output, "\nover openssl\n")
    assert.deepStrictEqual(server.received, ["over openssl\n"])
  })

  it.each([
    ["AES-128-CCM-8:+AEAD", "", "extended master secret"],
    ["AES-128-CCM-8:+AEAD", ":%NO_SESSION_HASH", "safe renegotiation"],
    ["AES-128-CBC:+SHA256", "", "EtM"],
    ["AES-128-CBC:+SHA256", ":%NO_ETM:%NO_SESSION_HASH", "safe renegotiation"]
  ])("gnutls-cli %s%s", async (cipher, flags, option) => {
    const { port, server } = await listen()
    const output = await talk(gnutls(port, cipher, flags), /Handshake was completed/, "over gnutls")
    assert.include(output, option)
    assert.deepStrictEqual(server.received, ["over gnutls\n"])
  })

  it("openssl resumes (RFC 5246 §7.3)", async () => {
    const { port, server } = await listen()
    const directory = mkdtempSync(join(tmpdir(), "resume-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, "session")
    const ready = /Extended master secret: yes/
    await talk(openssl(port, "PSK-AES128-CCM8", "-sess_out", file), ready, "first")
    const output = await talk(openssl(port, "PSK-AES128-CCM8", "-sess_in", file), ready, "second")
    assert.include(output, "Reused, TLSv1.2")
    assert.deepStrictEqual(server.received, ["first\n", "second\n"])
  })

  it("gnutls resumes (RFC 5246 §7.3)", async () => {
    const { port, server } = await listen()
    const command = gnutls(port, "AES-128-CCM-8:+AEAD", "", "--resume", "--waitresumption")
    const output = await talk(command, /This is a resumed session/, "again")
    assert.include(output, "This is a resumed session")
    assert.deepStrictEqual(server.received, ["again\n"])
  })

  it.each(["coap-client-openssl", "coap-client-gnutls"])("%s gets its request through", async (client) => {
    const { port, server } = await listen()
    // The echo is no CoAP response, so the client waits for one in vain for its 1 s.
    const command = [client, "-B", "1", "-m", "get", "-u", defaultIdentity, "-k", psk, `coaps://127.0.0.1:${port}/time`]
    await talk(command, /never/, "")
    assert.isTrue(server.received.some((message) => message.includes("time")))
  })
})
