import { Effect, type Scope } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type ChildProcess, childProcess } from "../ChildProcess.ts"
import { temporaryDirectory } from "../TemporaryDirectory.ts"
import {
  ClientFailed,
  type CoapRequest,
  type CoapResponse,
  type CoapSession,
  type SessionOptions,
  type Suite,
  type ThirdPartyClient,
  withinMillisDefault
} from "./CoapClient.ts"
import { shownMessages } from "./LibcoapDisplay.ts"
import { requireProgram } from "./Programs.ts"

type LibcoapProgram = "coap-client-openssl" | "coap-client-gnutls"

const libcoap = (program: LibcoapProgram, suites: ThirdPartyClient["suites"]): ThirdPartyClient => ({
  name: program,
  program,
  suites,
  blockwise: true,
  connect: Effect.fnUntraced(function* (
    options: SessionOptions
  ): Effect.fn.Return<CoapSession, ClientFailed, Scope.Scope> {
    yield* requireProgram(program)
    if (options.psk.includes(0)) {
      const detail = "a key with a zero byte can't be an argument: choose another device secret"
      return yield* new ClientFailed({ reason: "Unable", client: program, detail })
    }
    const directory = yield* temporaryDirectory
    const env = program === "coap-client-gnutls" ? onlySuite(options.suite, directory) : {}
    let log = ""
    let requests = 0
    return {
      output: () => log,
      request: (request) =>
        Effect.gen(function* () {
          const receivedFile = join(directory, `received-${(requests += 1)}`)
          const args = requestArguments(options, request, directory, receivedFile)
          const client = yield* childProcess(withKey(options.psk, program, args, env)).pipe(
            Effect.mapError((error) => new ClientFailed({ reason: "Missing", client: program, detail: error.message }))
          )
          yield* client.exit
          log += client.output()
          return yield* responseOf(program, client, receivedFile)
        }).pipe(Effect.scoped)
    }
  })
})

/** Offers 49 suites, both of ours among them, and neither an option nor OpenSSL's configuration narrows them. */
export const coapClientOpenssl = libcoap("coap-client-openssl", "server's choice")

export const coapClientGnutls = libcoap("coap-client-gnutls", ["CCM_8", "CBC_SHA256"])

const requestArguments = (
  options: SessionOptions,
  request: CoapRequest,
  directory: string,
  receivedFile: string
): ReadonlyArray<string> => {
  const seconds = Math.ceil((options.withinMillis ?? withinMillisDefault) / 1_000)
  const args = ["-v", "7", "-B", String(seconds), "-u", options.identity, "-m", request.method.toLowerCase()]
  args.push("-o", receivedFile)
  if (request.confirmable === false) args.push("-N")
  if (request.blockBytes !== undefined) args.push("-b", String(request.blockBytes))
  for (const { number, value } of request.options ?? []) {
    args.push("-O", `${number},0x${Buffer.from(value).toString("hex")}`)
  }
  if (request.payload !== undefined) {
    const file = join(directory, "payload")
    writeFileSync(file, request.payload)
    args.push("-f", file)
  }
  return [...args, ...(options.args ?? []), `coaps://127.0.0.1:${options.port}${request.path}`]
}

/** libcoap 4.3.1 takes its key as raw bytes only, which Node can't pass as an argument: a shell builds it. */
const withKey = (psk: Uint8Array, program: string, args: ReadonlyArray<string>, env: Record<string, string>) => ({
  command: "sh",
  args: [
    "-c",
    // The x keeps a line feed at the end of the key from being stripped.
    'k=$(printf "$0x"); exec "$@" -k "${k%x}"',
    Array.from(psk, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
    program,
    ...args
  ],
  env: { ...env, LC_ALL: "C" }
})

/** GnuTLS obeys its system-wide configuration whatever priorities libcoap asks for. */
const onlySuite = (suite: Suite, directory: string): Record<string, string> => {
  const file = join(directory, "gnutls.cfg")
  writeFileSync(file, `[overrides]\ntls-disabled-cipher = ${suite === "CCM_8" ? "aes-128-cbc" : "aes-128-ccm-8"}\n`)
  return { GNUTLS_SYSTEM_PRIORITY_FILE: file }
}

const responseOf = (
  client: string,
  process: ChildProcess,
  receivedFile: string
): Effect.Effect<CoapResponse, ClientFailed> => {
  const last = shownMessages(process.output()).findLast(({ code }) => /^[245]\./.test(code) && code !== "2.31")
  if (last === undefined) {
    const reason = process.output().includes("session connected") ? "NoResponse" : "NoSession"
    return Effect.fail(new ClientFailed({ reason, client, detail: process.output() }))
  }
  // The file has the whole body where the last message has its last block.
  const payload = existsSync(receivedFile) ? new Uint8Array(readFileSync(receivedFile)) : last.payload
  return Effect.succeed({ ...last, payload })
}
