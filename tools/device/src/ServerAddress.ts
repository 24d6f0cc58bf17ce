import { Effect } from "effect"
import { DeviceFailure } from "./DeviceFailure.ts"

export const coapsPort = 5684
export const portVariable = "ROOST_UDP_PORT"

export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** As it is shown: the address, and where what was not given comes from. */
  readonly shown: string
}

/**
 * Where the server is: `host:port`, a host alone, or nothing. A port that was not given is that of `ROOST_UDP_PORT`, which `npm start`
 * listens on, or CoAP's own.
 */
export const serverAddress = Effect.fnUntraced(function* (
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>
) {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(given ?? "127.0.0.1")
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || (match?.[3] !== undefined && !isPort(match[3]))) {
    return yield* new DeviceFailure({
      reason: `--server ${given} is not host:port`,
      hint: `such as 127.0.0.1:${coapsPort} or [::1]:${coapsPort}, without coaps://; without a port it is ${portVariable} or ${coapsPort}`
    })
  }
  const fromEnv = env[portVariable]
  if (match?.[3] === undefined && fromEnv !== undefined && !isPort(fromEnv)) {
    return yield* new DeviceFailure({
      reason: `${portVariable}: expected a port, 1–65535, got "${fromEnv}"`,
      hint: `unset it, or give --server host:port`
    })
  }
  const port = Number(match?.[3] ?? fromEnv ?? coapsPort)
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`
  const origin = fromEnv === undefined ? `the default, ${coapsPort}` : `${portVariable}'s`
  const why =
    match?.[3] !== undefined
      ? ""
      : given === undefined
        ? ` (no --server: this machine, and the port is ${origin})`
        : ` (no port given: ${origin})`
  return { host, port, shown: `${address}${why}` } satisfies ServerAddress
})

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
