import type { Handshakes } from "../handshakes/Handshakes.ts"
import type { Devices } from "./Devices.ts"
import type { EdgeLinks } from "./EdgeLinks.ts"
import type { HandshakeRefusals } from "./HandshakeRefusals.ts"
import type { CarryOut } from "./HostEffect.ts"
import type { HostTurn } from "./HostTurn.ts"
import type { Transmissions } from "./Transmissions.ts"

/** The parts of the host that handshakes need. */
export interface HandshakeServerOptions {
  readonly turn: HostTurn
  readonly carryOut: CarryOut
  readonly edges: EdgeLinks
  readonly transmissions: Transmissions
  readonly refusals: HandshakeRefusals
  readonly handshakes: Handshakes
  readonly devices: Devices
}
