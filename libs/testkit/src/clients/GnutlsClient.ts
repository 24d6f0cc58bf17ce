import type { Effect, Scope } from "effect"
import type { ClientFailed, SessionOptions, ThirdPartyClient } from "./CoapClient.ts"
import { type DtlsSession, dtlsSession } from "./DtlsProgram.ts"

export interface GnutlsOptions extends SessionOptions {
  /** Offer encrypt-then-MAC (RFC 7366). Default true. */
  readonly encryptThenMac?: boolean
  /** Offer extended master secret (RFC 7627). Default true. */
  readonly extendedMasterSecret?: boolean
}

const ciphers = { CCM_8: "+AES-128-CCM-8:+AEAD", CBC_SHA256: "+AES-128-CBC:+SHA256" }

/** `gnutls-cli`. */
export const gnutlsSession = (options: GnutlsOptions): Effect.Effect<DtlsSession, ClientFailed, Scope.Scope> => {
  const priority = [
    `NONE:+VERS-DTLS1.2:+PSK:${ciphers[options.suite]}:+COMP-NULL:+SIGN-ALL:+GROUP-ALL`,
    ...(options.encryptThenMac === false ? ["%NO_ETM"] : []),
    ...(options.extendedMasterSecret === false ? ["%NO_SESSION_HASH"] : [])
  ].join(":")
  return dtlsSession(
    {
      program: "gnutls-cli",
      args: [
        "--udp",
        // So that it says how long a datagram is.
        "--verbose",
        `--port=${options.port}`,
        `--priority=${priority}`,
        `--pskusername=${options.identity}`,
        `--pskkey=${Buffer.from(options.psk).toString("hex")}`,
        "127.0.0.1"
      ],
      connected: /Simple Client Mode:\n\n/,
      datagrams
    },
    options
  )
}

export const gnutlsClient: ThirdPartyClient = {
  name: "gnutls-cli",
  program: "gnutls-cli",
  suites: ["CCM_8", "CBC_SHA256"],
  blockwise: false,
  connect: gnutlsSession
}

/** `- Received[42]: ` and then 42 bytes, among lines of text. */
const datagrams = (datagram: (bytes: Uint8Array) => void) => {
  let text = ""
  return (chunk: Uint8Array) => {
    text += Buffer.from(chunk).toString("latin1")
    while (true) {
      const header = /- Received\[(\d+)\]: /.exec(text)
      if (header === null) return
      const start = header.index + header[0].length
      const end = start + Number(header[1])
      if (text.length < end) return
      datagram(new Uint8Array(Buffer.from(text.slice(start, end), "latin1")))
      text = text.slice(end)
    }
  }
}
