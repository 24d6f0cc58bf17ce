import type { Effect, Scope } from "effect"
import type { ClientFailed, SessionOptions, ThirdPartyClient } from "./CoapClient.ts"
import { type DtlsSession, dtlsSession } from "./DtlsProgram.ts"

export interface OpensslOptions extends SessionOptions {
  /** Offer encrypt-then-MAC (RFC 7366). Default true. */
  readonly encryptThenMac?: boolean
  /** Largest record that it reads, in bytes (RFC 6066 §4). */
  readonly maxFragmentLength?: 512 | 1024 | 2048 | 4096
}

const ciphers = { CCM_8: "PSK-AES128-CCM8", CBC_SHA256: "PSK-AES128-CBC-SHA256" }

/** `openssl s_client`. Extended master secret (RFC 7627) is always offered. */
export const opensslSession = (options: OpensslOptions): Effect.Effect<DtlsSession, ClientFailed, Scope.Scope> =>
  dtlsSession(
    {
      program: "openssl",
      args: [
        "s_client",
        "-dtls1_2",
        `-connect=127.0.0.1:${options.port}`,
        `-psk_identity=${options.identity}`,
        `-psk=${Buffer.from(options.psk).toString("hex")}`,
        // OpenSSL's default level refuses tags of 8 bytes.
        `-cipher=${ciphers[options.suite]}:@SECLEVEL=0`,
        // Its words on the session go to stderr, so that stdout has the datagrams only; no byte is a command.
        "-brief",
        "-nocommands",
        ...(options.maxFragmentLength === undefined ? [] : [`-maxfraglen=${options.maxFragmentLength}`]),
        ...(options.encryptThenMac === false ? ["-no_etm"] : [])
      ],
      connected: /CONNECTION ESTABLISHED[^]*Ciphersuite: /,
      // It writes a record at once.
      datagrams: (datagram) => datagram
    },
    options
  )

export const opensslClient: ThirdPartyClient = {
  name: "openssl s_client",
  program: "openssl",
  suites: ["CCM_8", "CBC_SHA256"],
  blockwise: false,
  connect: opensslSession
}
