import { Effect } from "effect"
import { findProgram } from "../program/FindProgram.ts"
import { ClientFailed } from "./CoapClient.ts"

/** The programs that tests run, and the Debian package of each. */
export const programPackages = {
  "coap-client-openssl": "libcoap3-bin",
  "coap-client-gnutls": "libcoap3-bin",
  "coap-server-gnutls": "libcoap3-bin",
  "gnutls-cli": "gnutls-bin",
  openssl: "openssl",
  escript: "erlang-ssl",
  "nats-server": "nats-server"
} as const

export type ProgramName = keyof typeof programPackages

/** Undefined if `program` can be run; else a line that says what to install. */
export const missing = (program: ProgramName): string | undefined =>
  findProgram([program]) === undefined ? `missing: ${program} (Debian package ${programPackages[program]})` : undefined

export const requireProgram = (program: ProgramName): Effect.Effect<void, ClientFailed> =>
  Effect.suspend(() => {
    const detail = missing(program)
    return detail === undefined
      ? Effect.void
      : Effect.fail(new ClientFailed({ reason: "Missing", client: program, detail }))
  })
