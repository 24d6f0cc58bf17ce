import { defaultServerSettings, ServerExchanges } from "@roost/coap"
import type { Session } from "@roost/dtls"

/** The CoAP server of one DTLS session: its messages are no larger than what a record of the session holds. */
export const exchangesOf = (dtls: Session, random: () => number): ServerExchanges =>
  new ServerExchanges(defaultServerSettings, random, { messageBytesMax: dtls.writeBytesMax })
