import { defaultServerSettings, ServerExchanges } from "@roost/coap"
import { piggybackMillisDefault } from "@roost/contracts"
import { messageBytesMax } from "./Path.ts"
import type { DeviceSession } from "./DeviceSession.ts"

/**
 * The CoAP server of one DTLS session. Its messages are no larger than what a record of the session holds, and than what may
 * go to where the device is.
 */
export const exchangesOf = (session: DeviceSession, random: () => number): ServerExchanges =>
  new ServerExchanges(defaultServerSettings, random, {
    acksWait: true,
    ackDelayMillis: session.facts.piggybackMillis ?? piggybackMillisDefault,
    get messageBytesMax() {
      return messageBytesMax(session)
    }
  })
