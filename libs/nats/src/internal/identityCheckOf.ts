import { checkServerIdentity, type PeerCertificate } from "node:tls"
import { hostOf } from "./hostOf.ts"

/**
 * Whether a certificate is one of the configured servers'. The client (3.4.0) tells TLS the host only where it is a name: of an address
 * the certificate was compared with `localhost`. So the right one was refused and one for `localhost` taken from anybody.
 */
export const identityCheckOf = (servers: ReadonlyArray<string>) => {
  const hosts = servers.map(hostOf)
  return (_: string, certificate: PeerCertificate): Error | undefined => {
    const faults = hosts.map((host) => checkServerIdentity(host, certificate))
    return faults.includes(undefined) ? undefined : faults[0]
  }
}
