import * as Schema from "effect/Schema"

/** Seconds (contract §3.8). */
export const lifetimeSecondsMin = 30
export const lifetimeSecondsMax = 86_400

/** Silence of this many seconds makes a device offline. */
export const Lifetime = Schema.Int.check(Schema.isBetween({ minimum: lifetimeSecondsMin, maximum: lifetimeSecondsMax }))
