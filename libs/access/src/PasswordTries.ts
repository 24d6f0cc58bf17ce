import {
  lockOutMillis,
  RegistryKeys,
  Sealing,
  sealPurpose,
  Subjects,
  wrongPasswordsMax,
  wrongPasswordsOfAddressMax
} from "@roost/contracts"
import { FrameBus } from "@roost/nats"
import { Effect, Result, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { LockOuts } from "./LockOuts.ts"

/** A try that another registry tells of counts for so long: clocks are seconds apart, and a recorded message is no use later. */
const toldMillisMax = 30_000

/** On `roost.password-tries`: who tried a password at one registry, and whether it was right. */
const Told = Schema.fromJsonString(
  Schema.Struct({
    /** Made up by each process. */
    from: Schema.String,
    /** Milliseconds since 1970. */
    at: Schema.Finite,
    what: Schema.Literals(["begun", "right", "cleared"]),
    name: Schema.String,
    address: Schema.String
  })
)
type Told = typeof Told.Type

/**
 * The tries of all registries, counted by name and by address. Each tells the others at once, by a message that nobody stores. It is
 * sealed: people type passwords where names belong, and nobody who writes to the bus is to lock others out. A registry that starts has
 * heard of none.
 */
export const makePasswordTries = Effect.gen(function* () {
  const { publish, subscribe } = yield* FrameBus
  const sealing = new Sealing(yield* RegistryKeys, sealPurpose.passwordTries)
  const from = randomBytes(8).toString("hex")
  const ofNames = new LockOuts(wrongPasswordsMax, lockOutMillis)
  const ofAddresses = new LockOuts(wrongPasswordsOfAddressMax, lockOutMillis)

  const count = ({ address, at, name, what }: Omit<Told, "from">): boolean => {
    switch (what) {
      case "begun":
        return [ofNames.begin(name, at), ofAddresses.begin(address, at)].includes(true)
      case "right":
        ofNames.clear(name)
        ofAddresses.undo(address)
        return false
      case "cleared":
        ofNames.clear(name)
        return false
    }
  }
  const tell = (told: Omit<Told, "from">): boolean => {
    publish(
      Subjects.passwordTries,
      sealing.seal(Subjects.passwordTries, Buffer.from(JSON.stringify({ ...told, from })))
    )
    return count(told)
  }
  yield* subscribe(Subjects.passwordTries, (bytes) => {
    const plain = sealing.open(Subjects.passwordTries, bytes)
    const told = plain === undefined ? undefined : Result.getOrUndefined(decode(Buffer.from(plain).toString("utf8")))
    const now = Date.now()
    if (told === undefined || told.from === from || Math.abs(now - told.at) > toldMillisMax) return
    if (told.what === "begun" && Math.max(ofNames.waitOf(told.name, now), ofAddresses.waitOf(told.address, now)) > 0) {
      return
    }
    count({ ...told, at: now })
  })

  return {
    /** Milliseconds for which the name or the address is locked out; 0: neither is. */
    waitOf: (name: string, address: string, now: number): number =>
      Math.max(ofNames.waitOf(name, now), ofAddresses.waitOf(address, now)),
    /** True: one of both is locked out from now on, unless this try is the right one. */
    begin: (name: string, address: string, now: number): boolean => tell({ what: "begun", name, address, at: now }),
    right: (name: string, address: string, now: number): void => void tell({ what: "right", name, address, at: now }),
    /** A new password gives new tries. */
    clear: (name: string, now: number): void => void tell({ what: "cleared", name, address: "", at: now })
  }
}).pipe(Effect.provide(FrameBus.layer))

const decode = Schema.decodeUnknownResult(Told)
