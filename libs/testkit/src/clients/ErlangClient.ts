import type { Effect, Scope } from "effect"
import { join } from "node:path"
import type { ClientFailed, SessionOptions, ThirdPartyClient } from "./CoapClient.ts"
import { type DtlsSession, dtlsSession } from "./DtlsProgram.ts"

const script = join(import.meta.dirname, "erlang/dtls_client.escript")
const suiteWords = { CCM_8: "ccm", CBC_SHA256: "cbc" }

/** The stack of Erlang/OTP 25. The explicit nonce of its CCM_8 records is a counter of its own, and no record number. */
export const erlangSession = (options: SessionOptions): Effect.Effect<DtlsSession, ClientFailed, Scope.Scope> =>
  dtlsSession(
    {
      program: "escript",
      args: [
        script,
        `${options.port}`,
        options.identity,
        Buffer.from(options.psk).toString("hex"),
        suiteWords[options.suite]
      ],
      connected: /^connected$/m,
      // It writes a record at once.
      datagrams: (datagram) => datagram
    },
    options
  )

export const erlangClient: ThirdPartyClient = {
  name: "Erlang/OTP",
  program: "escript",
  suites: ["CCM_8", "CBC_SHA256"],
  blockwise: false,
  connect: erlangSession
}
