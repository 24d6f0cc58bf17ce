import * as Config from "effect/Config"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { Setting } from "./Setting.ts"

/** A key of 32 bytes, and the 8 hexadecimal digits that name it without telling it. */
export interface SealingKey {
  readonly id: string
  readonly bytes: Uint8Array
}

/** The keys that seal and open: everything is sealed under `current`; secrets under `previous` open too, until they are sealed again. */
export interface SealingKeys {
  readonly current: SealingKey
  readonly previous: SealingKey | undefined
}

export const sealingKey = (bytes: Uint8Array): SealingKey => ({
  id: createHash("sha256").update("roost key id").update(bytes).digest("hex").slice(0, 8),
  bytes
})

export const sealingKeys = (current: Uint8Array, previous?: Uint8Array): SealingKeys => ({
  current: sealingKey(current),
  previous: previous === undefined ? undefined : sealingKey(previous)
})

/** The current one first. */
export const keysOf = ({ current, previous }: SealingKeys): ReadonlyArray<SealingKey> =>
  previous === undefined || previous.id === current.id ? [current] : [current, previous]

/** The bytes of a key given as 64 hexadecimal digits, or undefined. */
export const parseKey = (hex: string): Uint8Array | undefined =>
  /^[0-9a-fA-F]{64}$/.test(hex) ? Buffer.from(hex, "hex") : undefined

const expected = "expected 64 hexadecimal digits"
/** The same message where there is nothing, and where there is something else. */
const HexDigits = Schema.String.annotate({ message: expected }).check(
  Schema.isPattern(/^[0-9a-fA-F]{64}$/, { message: expected })
)

const HexKey = (name: string) =>
  Config.schema(Schema.Redacted(HexDigits), name).pipe(Config.map((key) => parseKey(Redacted.value(key))!))

const secret = { secret: true }

const keysNamed = (name: string, what: string): Setting<SealingKeys> =>
  Setting.map(
    Setting.all({
      current: Setting.required(name, `64 hexadecimal digits (openssl rand -hex 32): ${what}`, HexKey, secret),
      previous: Setting.optional(`${name}_PREVIOUS`, "the key before, which still opens", HexKey, secret)
    }),
    ({ current, previous }) => sealingKeys(current, previous)
  )

const optionalKeys = (name: string, what: string, otherwise?: string): Setting<SealingKeys | undefined> =>
  Setting.map(
    Setting.all({
      current: Setting.optional(name, `64 hexadecimal digits: ${what}`, HexKey, {
        ...secret,
        ...(otherwise === undefined ? {} : { otherwise })
      }),
      previous: Setting.optional(`${name}_PREVIOUS`, "the key before, which still opens", HexKey, secret)
    }),
    ({ current, previous }) => (current === undefined ? undefined : sealingKeys(current, previous))
  )

/** ROOST_CLUSTER_KEY: sessions, and secrets on their way between registry and session-actors. */
export const ClusterKeys = keysNamed("ROOST_CLUSTER_KEY", "sessions, and secrets on the bus")

/** ROOST_ROUTING_KEY: the edges' cookies and session ids. */
export const RoutingKeys = keysNamed("ROOST_ROUTING_KEY", "cookies and session ids")

/** The same of session-actors, which compares it with the edges' where it is set; undefined: it is not. */
export const ComparedRoutingKeys = optionalKeys("ROOST_ROUTING_KEY", "the edges', to compare")

/**
 * ROOST_REGISTRY_KEY: what the registry keeps for itself, its database above all; no other app has it. Where it is not set, the
 * cluster's keys do its work, as they did before there was this one.
 */
export const RegistryKeys: Setting<SealingKeys> = Setting.map(
  Setting.all({ own: optionalKeys("ROOST_REGISTRY_KEY", "secrets at rest", "the cluster's"), cluster: ClusterKeys }),
  ({ cluster, own }) => own ?? cluster
)
