import { type ClientFailed, type CoapSession, recordSession } from "@roost/testkit"
import type { Effect, Scope } from "effect"
import type { LineProgram, LineSessionOptions } from "./LineClient.ts"
import { splitLines } from "./Lines.ts"

/** For a stack without CoAP: a program of ours that speaks the record protocol of README.md. */
export const recordsBy =
  ({ name, command, args }: LineProgram) =>
  (options: LineSessionOptions): Effect.Effect<CoapSession, ClientFailed, Scope.Scope> =>
    recordSession(
      {
        name,
        command,
        args: [...args, ...recordArguments(options)],
        connected: /^ready$/m,
        datagrams: (datagram) => splitLines((digits) => datagram(new Uint8Array(Buffer.from(digits, "hex")))),
        line: (bytes) => `${Buffer.from(bytes).toString("hex")}\n`
      },
      options
    )

const recordArguments = (options: LineSessionOptions): ReadonlyArray<string> =>
  Object.entries({
    port: options.port,
    identity: options.identity,
    psk: Buffer.from(options.psk).toString("hex"),
    suite: options.suite,
    within: options.withinMillis ?? withinMillisDefault,
    cid: options.connectionIdBytes ?? -1
  }).flatMap(([flag, value]) => [`-${flag}`, `${value}`])

const withinMillisDefault = 10_000
