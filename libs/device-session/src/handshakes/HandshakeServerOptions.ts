import type { Crypto } from "@roost/dtls"
import type { Associations } from "../device/Associations.ts"
import type { Counters } from "../state/Counters.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import type { EdgeLinks } from "../host/EdgeLinks.ts"
import type { Events } from "../host/Events.ts"
import type { Persistence } from "../device/Persistence.ts"
import type { Ports } from "../state/Ports.ts"
import type { ProductProfiles } from "../requests/ProductProfiles.ts"
import type { SessionTable } from "../host/SessionTable.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { Held } from "../state/Held.ts"

/** What handshakes need of the host, and tell it. */
export interface HandshakeServerOptions {
  readonly config: DeviceSessionConfig
  readonly ports: Ports
  readonly crypto: Crypto
  readonly counters: Counters
  readonly events: Events
  readonly edges: EdgeLinks
  readonly table: SessionTable
  readonly persistence: Persistence
  readonly associations: Associations
  readonly profiles: ProductProfiles
  /** As `DeviceHost` has it. */
  readonly random: () => number
  /** Undefined: there is none. */
  readonly findActor: (productKey: string, deviceKey: string) => DeviceActor | undefined
  /** Made if there is none. Undefined: its partition is another node's. */
  readonly actorOf: (productKey: string, deviceKey: string) => DeviceActor | undefined
  /** Something came for a session that is as it came from the store. */
  readonly hold: (actor: DeviceActor, session: DeviceSession, held: Held) => void
  /** What the wall clock says of a moment of the host's clock. */
  readonly wallOf: (now: number) => number
  readonly actorsFull: () => boolean
  /** The session's secret is not the device's any more. */
  readonly revoke: (now: number, actor: DeviceActor, session: DeviceSession) => void
  /** A handshake verified; `actor.session` is the new one. */
  readonly established: (now: number, actor: DeviceActor) => void
}
