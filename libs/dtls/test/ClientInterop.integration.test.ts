import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import {
  Client,
  type ClientOptions,
  type ClientOutput,
  ContentType,
  HandshakeType,
  isWhole,
  readHandshakeFragment,
  readRecord,
  type Session,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8
} from "../src/index.ts"
import { defaultIdentity } from "./support/ScriptedClient.ts"

const psk = "0123456789abcdef"
const pskHex = Buffer.from(psk).toString("hex")
const millisMax = 8000

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1")
  await once(socket, "listening")
  const { port } = socket.address()
  socket.close()
  await once(socket, "close")
  return port
}

/** Runs a server until the test ends; `output` grows as it talks, and it echoes what is written to `say`. */
function serve(command: ReadonlyArray<string>): {
  readonly output: () => string
  readonly say: (line: string) => void
} {
  const server = spawn(command[0]!, command.slice(1), { stdio: "pipe" })
  onTestFinished(() => void server.kill("SIGKILL"))
  let output = ""
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)))
  return { output: () => output, say: (line) => void server.stdin.write(`${line}\n`) }
}

/** Our client on a socket. */
class Talk {
  readonly outputs: Array<ClientOutput> = []
  sawFragments = false
  sawVerifyRequest = false
  readonly #client: Client
  readonly #socket = createSocket("udp4")
  readonly #port: number

  constructor(port: number, options: Partial<ClientOptions>) {
    this.#port = port
    this.#client = new Client({
      crypto: nodeCrypto,
      identity: new TextEncoder().encode(defaultIdentity),
      psk: new Uint8Array(Buffer.from(psk)),
      timing: { initialMillis: 300, maxMillis: 300, transmissionsMax: 25 },
      ...options
    })
    this.#socket.on("message", (datagram) => {
      this.#note(datagram)
      this.#take(this.#client.handleDatagram(Date.now(), datagram))
    })
    // A server that is still starting refuses by ICMP; the retransmission finds it.
    this.#socket.on("error", () => {})
    onTestFinished(() => void this.#socket.close())
  }

  async connect(): Promise<Extract<ClientOutput, { _tag: "Connected" }>> {
    this.#take(this.#client.start(Date.now()))
    await this.until(() => this.outputs.some(({ _tag }) => _tag === "Connected" || _tag === "Closed"))
    const connected = this.outputs.find((output) => output._tag === "Connected")
    if (connected === undefined) throw new Error(JSON.stringify(this.outputs.filter(({ _tag }) => _tag === "Closed")))
    return connected
  }

  say(bytes: Uint8Array): void {
    this.#socket.send(Result.getOrThrow(this.#client.send(bytes)), this.#port, "127.0.0.1")
  }

  close(): void {
    this.#take(this.#client.close())
  }

  get heard(): string {
    return this.outputs
      .map((output) => (output._tag === "Data" ? Buffer.from(output.plaintext).toString() : ""))
      .join("")
  }

  /** Real servers set the pace here; the limit makes it a failure instead of a hang. */
  async until(isDone: () => boolean): Promise<void> {
    const end = Date.now() + millisMax
    while (!isDone() && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      this.#take(this.#client.handleTimeout(Date.now()))
    }
    assert.isTrue(isDone())
  }

  #note(datagram: Uint8Array): void {
    const record = readRecord(datagram, 0, 0)
    if (record?.contentType !== ContentType.handshake || record.epoch > 0) return
    const message = readHandshakeFragment(record.fragment, 0)!
    this.sawFragments ||= !isWhole(message)
    this.sawVerifyRequest ||= message.type === HandshakeType.hello_verify_request
  }

  #take(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      this.outputs.push(output)
      if (output._tag === "Transmit") this.#socket.send(output.datagram, this.#port, "127.0.0.1")
    }
  }
}

const openssl = (port: number, cipher: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> =>
  `openssl s_server -dtls1_2 -nocert -accept 127.0.0.1:${port} -psk ${pskHex} -psk_identity ${defaultIdentity} -cipher ${cipher}:@SECLEVEL=0`
    .split(" ")
    .concat(more)

const both = "PSK-AES128-CCM8:PSK-AES128-CBC-SHA256"
const ccm: Partial<ClientOptions> = { suites: [TLS_PSK_WITH_AES_128_CCM_8] }
const cbc: Partial<ClientOptions> = { suites: [TLS_PSK_WITH_AES_128_CBC_SHA256] }
// Longer than the smallest datagram that OpenSSL can be told to send, so that ServerKeyExchange comes in fragments.
const longHint = "h".repeat(250)

describe.runIf(process.env["ROOST_INTEGRATION"] === "1")("our client with real servers", () => {
  it.each<[string, Partial<ClientOptions>, ReadonlyArray<string>]>([
    ["CCM_8", ccm, []],
    ["CBC_SHA256", cbc, []],
    ["CBC_SHA256 without encrypt-then-MAC", { ...cbc, encryptThenMac: false }, []],
    ["CCM_8 without extended master secret", { ...ccm, extendedMasterSecret: false }, []],
    ["a hint in ServerKeyExchange", ccm, ["-psk_hint", "hint"]],
    ["a server's flight in fragments", ccm, ["-psk_hint", longHint, "-mtu", "256"]],
    ["max_fragment_length 512", { ...ccm, maxFragmentLength: 512 }, []],
    ["our flights in fragments", { ...ccm, datagramBytesMax: 60 }, []],
    ["a connection id that OpenSSL does not know", { ...cbc, connectionId: new Uint8Array(4) }, []]
  ])("openssl s_server: %s", async (_, options, more) => {
    const port = await freePort()
    const server = serve(openssl(port, both, ...more))
    const talk = new Talk(port, options)
    const { session } = await talk.connect()
    assert.strictEqual(session.suite, options.suites![0])
    assert.strictEqual(talk.sawFragments, more.includes("-mtu"))
    assert.isTrue(talk.sawVerifyRequest)
    talk.say(new TextEncoder().encode("to openssl\n"))
    await talk.until(() => server.output().includes("to openssl"))
    server.say("from openssl")
    await talk.until(() => talk.heard.includes("from openssl"))
    talk.close()
    await talk.until(() =>
      /DONE|shut down|SSL3 alert read:warning:close notify|CONNECTION CLOSED/i.test(server.output())
    )
  })

  it.each([
    ["CCM_8", ccm],
    ["CBC_SHA256", cbc]
  ])("openssl s_server resumes: %s (RFC 5246 §7.3)", async (_, options) => {
    const port = await freePort()
    serve(openssl(port, both))
    const resumed: Array<boolean> = []
    let resume: Session | undefined
    for (let round = 0; round < 2; round++) {
      const talk = new Talk(port, { ...options, resume })
      const connected = await talk.connect()
      resumed.push(connected.resumed)
      resume = connected.session
      talk.say(new TextEncoder().encode("hello\n"))
      talk.close()
    }
    assert.deepStrictEqual(resumed, [false, true])
  })

  it("openssl s_server: a wrong key is silence there too, and we say so", async () => {
    const port = await freePort()
    serve(openssl(port, both))
    const timing = { initialMillis: 200, maxMillis: 200, transmissionsMax: 8 }
    const talk = new Talk(port, { psk: new Uint8Array(16), timing })
    const failure = await talk.connect().then(() => "connected", String)
    assert.match(failure, /"timeout".*wrong key/)
  })

  it.each<[string, Partial<ClientOptions>, string]>([
    ["CCM_8", ccm, "AES-128-CCM-8:+AEAD"],
    ["CBC_SHA256", cbc, "AES-128-CBC:+SHA256"],
    ["CBC_SHA256 without EMS and EtM", cbc, "AES-128-CBC:+SHA256:%NO_ETM:%NO_SESSION_HASH"],
    ["record_size_limit 64", { ...ccm, recordSizeLimit: 64 }, "AES-128-CCM-8:+AEAD"]
  ])("gnutls-serv: %s", async (_, options, cipher) => {
    const port = await freePort()
    const directory = mkdtempSync(join(tmpdir(), "psk-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const passwords = join(directory, "passwords")
    writeFileSync(passwords, `${defaultIdentity}:${pskHex}\n`)
    const priority = `NONE:+VERS-DTLS1.2:+PSK:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+${cipher}`
    serve(["gnutls-serv", "--udp", "--echo", `--port=${port}`, `--priority=${priority}`, `--pskpasswd=${passwords}`])
    const talk = new Talk(port, options)
    await talk.connect()
    talk.say(new TextEncoder().encode("echo of gnutls\n"))
    await talk.until(() => talk.heard.includes("echo of gnutls"))
    talk.close()
  })

  it.each(["coap-server-openssl", "coap-server-gnutls"])("%s answers a GET", async (server) => {
    const port = await freePort()
    serve([server, "-A", "127.0.0.1", "-p", String(port - 1), "-k", psk])
    const talk = new Talk(port, {})
    await talk.connect()
    talk.say(Uint8Array.of(0x40, 1, 0, 1))
    await talk.until(() => talk.heard.includes("libcoap"))
    talk.close()
  })
})
