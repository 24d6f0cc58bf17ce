import type { CarryOut, HostEffect } from "../host/HostEffect.ts"

/**
 * Hands on what the host wants with times of the wall clock. The host measures by a clock of its own process, and readers of
 * streams and the registry compare with the times of others.
 */
export const withWallTimes =
  (carryOut: CarryOut, wallOf: (now: number) => number): CarryOut =>
  (effect) =>
    carryOut(wallTimed(effect, wallOf))

const wallTimed = (effect: HostEffect, wallOf: (now: number) => number): HostEffect => {
  switch (effect._tag) {
    case "StoreUplink":
      return { ...effect, uplink: { ...effect.uplink, at: wallOf(effect.uplink.at) } }
    case "AskProperties":
      return { ...effect, request: { ...effect.request, at: wallOf(effect.request.at) } }
    case "StoreCommandEvent":
      return { ...effect, event: { ...effect.event, at: wallOf(effect.event.at) } }
    case "Presence": {
      const { presence } = effect
      return { ...effect, presence: { ...presence, at: wallOf(presence.at), lastSeenAt: wallOf(presence.lastSeenAt) } }
    }
    case "Stranger":
      return { ...effect, event: { ...effect.event, at: wallOf(effect.event.at) } }
    case "Event":
      return { ...effect, event: { ...effect.event, at: wallOf(effect.event.at) } }
    default:
      return effect
  }
}
