import type { ThirdPartyClient } from "./CoapClient.ts"
import { erlangClient } from "./ErlangClient.ts"
import { gnutlsClient } from "./GnutlsClient.ts"
import { coapClientGnutls, coapClientOpenssl } from "./Libcoap.ts"
import { nodeCoapClient } from "./NodeCoap.ts"
import { opensslClient } from "./OpensslClient.ts"

/** Every client that Debian or npm has; Californium and pion are built by tools/interop. */
export const thirdPartyClients: ReadonlyArray<ThirdPartyClient> = [
  coapClientOpenssl,
  coapClientGnutls,
  opensslClient,
  gnutlsClient,
  erlangClient,
  nodeCoapClient
]
