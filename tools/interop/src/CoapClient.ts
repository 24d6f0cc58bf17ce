import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** libcoap's command-line client, in its two builds of Debian's libcoap3-bin. */
export type CoapClientBuild = "openssl" | "gnutls"

export interface CoapRequest {
  readonly build: CoapClientBuild
  readonly port: number
  readonly identity: string
  readonly psk: Uint8Array
  readonly method?: "get" | "post" | "put" | "delete"
  /** Uri-Path, such as `/topic/sys/…`. */
  readonly path: string
  readonly payload?: Uint8Array | string
  readonly type?: "con" | "non"
  /** Block size in bytes for a block-wise transfer. */
  readonly block?: number
  /** Options as `number,value`. */
  readonly options?: ReadonlyArray<string>
  /** Seconds until the client gives up. */
  readonly wait?: number
}

export interface CoapResponse {
  /** Such as "2.04"; undefined if none came. */
  readonly code: string | undefined
  readonly payload: Buffer
  /** The topic of Option 2100, with `/topic`. */
  readonly announced: string | undefined
  /** Everything the client printed. */
  readonly log: string
}

/**
 * One request by `coap-client`. It takes the key as text on its command line, so a key with a NUL or a line feed can't be
 * given to it: `secretFor` finds secrets whose key has neither.
 */
export const coapClient = async (request: CoapRequest): Promise<CoapResponse> => {
  const directory = mkdtempSync(join(tmpdir(), "roost-coap-"))
  try {
    const out = join(directory, "out")
    const args = [
      "-v",
      "7",
      "-B",
      String(request.wait ?? 8),
      "-u",
      request.identity,
      "-m",
      request.method ?? "get",
      "-o",
      out
    ]
    if (request.payload !== undefined) {
      writeFileSync(join(directory, "in"), request.payload)
      args.push("-f", join(directory, "in"))
    }
    if (request.type === "non") args.push("-N")
    if (request.block !== undefined) args.push("-b", String(request.block))
    for (const option of request.options ?? []) args.push("-O", option)
    args.push(`coaps://127.0.0.1:${request.port}${request.path}`)
    const log = await runWithKey(`coap-client-${request.build}`, request.psk, args)
    return { ...readLog(log), payload: readOutput(out), log }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Arguments of a process are text to Node, so the shell's printf makes the bytes of the key. */
const runWithKey = (command: string, psk: Uint8Array, args: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const octal = Array.from(psk, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")
    const child = spawn("sh", ["-c", `exec "$0" -k "$(printf '${octal}')" "$@"`, command, ...args])
    let log = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("latin1").on("data", (chunk: string) => (log += chunk))
    }
    child.on("error", reject)
    child.on("close", () => resolve(log))
  })

/** What libcoap prints of messages it receives: `v:1 t:ACK c:2.04 i:2d28 {01} [ … ] :: '…'`. */
const readLog = (log: string): Pick<CoapResponse, "code" | "announced"> => {
  const lines = log.split("\n").filter((line) => /^v:1 t:(?:ACK|CON|NON) c:[2-5]\.\d\d /.test(line))
  const last = lines.at(-1)
  const announced = lines.map((line) => /2100:([^,\]]*)/.exec(line)?.[1]?.trim()).find((text) => text !== undefined)
  return {
    code: /c:([2-5]\.\d\d)/.exec(last ?? "")?.[1],
    announced: announced === undefined ? undefined : unescape(announced)
  }
}

/** libcoap prints the value of an option that it does not know as `\xHH`. */
const unescape = (text: string): string =>
  text.replace(/\\x([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const readOutput = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}
