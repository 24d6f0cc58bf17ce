import { causeIn, chapters, entryOf, isRefusalCode, linkOf, particularOf, type RefusalCode } from "../Catalogue.ts"
import { identityRefusals } from "../catalogue/Handshakes.ts"
import { keyRefusals } from "../catalogue/Keys.ts"
import { aboutCommand, causeOfCommand } from "./CommandCauses.ts"
import type { Answer, Evidence, Finding, MeantDevice, SeenDevice, SeenEvent } from "./Evidence.ts"

/**
 * The causes of what a device or an address meets, those that hold now first, in the order in which a device meets them. These are
 * whether it is registered, its handshake, its presence, its requests, its commands. Pure, and linear in the evidence.
 */
export const explain = (evidence: Evidence): Answer => {
  const causes = new Causes(evidence)
  registered(causes, evidence)
  for (const event of evidence.events) heard(causes, event)
  for (const stranger of evidence.strangers) strange(causes, stranger)
  for (const command of evidence.commands) {
    const code = causeOfCommand(command, evidence.device)
    const at = command.finishedAt ?? command.hintedAt ?? command.createdAt
    if (code !== undefined) causes.add({ code, at, reason: aboutCommand(command) })
  }
  present(causes, evidence)
  const findings = causes.inOrder()
  return { verdict: verdictOf(evidence, findings), findings }
}

interface Cause {
  readonly code: RefusalCode
  readonly at: number
  /** In place of the entry's, which says what a handshake met. */
  readonly sentence?: string | undefined
  readonly reason?: string | undefined
  readonly address?: string | undefined
  readonly times?: number | undefined
}

/** Causes by code: the newest of each, and how many there were. */
class Causes {
  readonly evidence: Evidence
  readonly #found = new Map<RefusalCode, Finding>()

  constructor(evidence: Evidence) {
    this.evidence = evidence
  }

  get size(): number {
    return this.#found.size
  }

  add({ address, at, code, reason, sentence, times = 1 }: Cause): void {
    const known = this.#found.get(code)
    const counted = (known?.times ?? 0) + times
    if (known !== undefined && known.at >= at) {
      this.#found.set(code, { ...known, times: counted })
      return
    }
    this.#found.set(code, {
      at,
      code,
      ...entryOf(code),
      ...(sentence !== undefined && { sentence }),
      ...(reason !== undefined && ownCause(code, reason)),
      link: linkOf(code),
      ...(reason !== undefined && { reason }),
      ...(address !== undefined && address !== "" && { address }),
      times: counted,
      over: isOver(this.evidence, code, at)
    })
  }

  inOrder(): ReadonlyArray<Finding> {
    return this.#told().toSorted(
      (one, other) =>
        Number(one.over) - Number(other.over) ||
        (one.over ? other.at - one.at : stageOf(one.code) - stageOf(other.code)) ||
        other.at - one.at
    )
  }

  #told(): ReadonlyArray<Finding> {
    const all = [...this.#found.values()]
    return all.filter((finding) => finding.code !== "wrong-key" || !isNamedLater(finding, all))
  }
}

/**
 * A wrong key is looked into when there is time for it. One that was, later, says what it comes of: that others before were wrong, too,
 * says nothing more.
 */
const isNamedLater = (wrongKey: Finding, others: ReadonlyArray<Finding>): boolean =>
  others.some(({ at, code }) => at >= wrongKey.at && Object.hasOwn(keyRefusals, code))

/** In place of the entry's cause; the code of an identity that can't be read is one cause already. */
const ownCause = (code: RefusalCode, reason: string) => {
  const cause = Object.hasOwn(identityRefusals, code) ? undefined : causeIn(reason)
  return cause !== undefined && { cause }
}

const registered = (causes: Causes, evidence: Evidence): void => {
  const { device, meant, now, sameKeyIn = [], strangers, unregistered } = evidence
  const unnamed = strangers.length === 0
  if (meant !== undefined) return causes.add({ code: faultsOfKeys[meant.fault], at: now, reason: aboutMeant(meant) })
  if (unregistered === "product") {
    const sentence = unnamed ? "There is no product of this key, and no handshake has named it." : undefined
    causes.add({ code: "unknown-product", at: now, sentence })
  }
  if (unregistered === "device") {
    const sentence = unnamed ? "The product has no device of this key, and no handshake has named it." : undefined
    causes.add({ code: "unknown-device", at: now, sentence })
    if (sameKeyIn.length > 0) {
      causes.add({ code: "wrong-product", at: now, reason: `A device of this key is in ${sameKeyIn.join(", ")}.` })
    }
  }
  if (device?.status === "disabled") causes.add({ code: "device-disabled", at: now })
}

const heard = (causes: Causes, event: SeenEvent): void => {
  const code = codeOf(event)
  if (code === undefined || unasked.has(code)) return
  const { address, at, reason, times } = event
  causes.add({
    code: wasOldSecret(causes.evidence, code, at) ? "old-secret" : code,
    at,
    reason: particularOf(code, reason),
    address,
    times
  })
}

/** A stranger that names another product with this device's key has the wrong product. */
const strange = (causes: Causes, stranger: SeenEvent): void => {
  const code = codeOf(stranger)
  if (code === undefined || unasked.has(code)) return
  const { address, at, identity, meant, reason, times } = stranger
  const particular = particularOf(code, reason)
  const told =
    [identity && `The identity ${JSON.stringify(identity)}.`, meant && aboutMeant(meant), particular]
      .filter(Boolean)
      .join(" ") || undefined
  const isOfRegistered = causes.evidence.device !== undefined
  const isElsewhere = isOfRegistered && (code === "unknown-device" || code === "unknown-product")
  const unmeant = isElsewhere ? "wrong-product" : code
  causes.add({ code: meant === undefined ? unmeant : faultsOfKeys[meant.fault], at, reason: told, address, times })
}

const faultsOfKeys: Readonly<Record<MeantDevice["fault"], RefusalCode>> = {
  swapped: "keys-swapped",
  capitals: "keys-capitals"
}

const aboutMeant = ({ deviceKey, productKey }: MeantDevice): string => `Registered is ${productKey},${deviceKey}.`

/**
 * The secret was changed, and what came in before does not any more. Some moments after the change a session-actors may still take the
 * former secret; it ends that session as soon as it hears.
 */
const wasOldSecret = ({ events }: Evidence, code: RefusalCode, at: number): boolean => {
  if (code !== "wrong-key") return false
  const changed = events.find((event) => event.kind === "credential-secret" && event.at <= at)
  if (changed === undefined) return false
  const ended = events.find((event) => wasEndedByOperator(event) && event.at > changed.at && event.at <= at)
  const since = ended?.at ?? changed.at
  const cameIn = (event: SeenEvent) => event.kind === "online" && event.at > since && event.at <= at
  return !events.some(cameIn) && events.some(({ at: before, kind }) => kind === "online" && before <= since)
}

/** Only where nothing else explains it. */
const present = (causes: Causes, { device, events, now }: Evidence): void => {
  if (device === undefined || device.status === "disabled") return
  const isSilent = isSilentSinceHandshake(device, events)
  if (device.status === "online") {
    const { lastSeenAt = now, pendingCommands } = device
    // Without an answer of its session the time is that of its presence.
    if (!isSilent || pendingCommands === undefined || now - lastSeenAt < pauseMillis) return
    return causes.add({ code: "silent-since-handshake", at: lastSeenAt })
  }
  if (device.lastSeenAt === undefined && device.lastOnlineAt === undefined) {
    if (causes.size === 0) causes.add({ code: "never-heard", at: now })
    return
  }
  const last = events.find(({ kind }) => kind === "offline" || kind === "online")
  if (last?.kind !== "offline") return
  const code = last.reason.includes("ended its session")
    ? "said-goodbye"
    : wasEndedByOperator(last)
      ? "session-ended-by-operator"
      : isSilent
        ? "silent-since-handshake"
        : "silent-for-lifetime"
  causes.add({ code, at: last.at, reason: last.reason })
}

/** No message came after the one that ended the handshake: one that does is later by a round trip. */
const isSilentSinceHandshake = ({ lastSeenAt = 0 }: SeenDevice, events: ReadonlyArray<SeenEvent>): boolean => {
  const cameIn = events.find(({ kind }) => kind === "online")
  return cameIn?.reason.includes("handshake") === true && Math.abs(lastSeenAt - cameIn.at) <= roundingMillis
}

/** Both times are made from one that the process counts for itself. */
const roundingMillis = 1
/** A device that came in may take so long for its first message. */
const pauseMillis = 60_000

const wasEndedByOperator = ({ kind, reason }: SeenEvent): boolean => kind === "offline" && reason.includes("credential")

const codeOf = ({ code, kind }: SeenEvent): RefusalCode | undefined =>
  code !== undefined && isRefusalCode(code) ? code : isRefusalCode(kind) ? kind : undefined

/** Explains nothing by itself. */
const unasked: ReadonlySet<RefusalCode> = new Set(["events-not-told", "strangers-not-told"])

/** A later session ends what kept the device out; what else was refused holds for a day. */
const isOver = ({ device, events, now }: Evidence, code: RefusalCode, at: number): boolean => {
  const stage = stageOf(code)
  if (keptOut.has(stage)) {
    const cameIn = Math.max(device?.lastOnlineAt ?? 0, events.find(({ kind }) => kind === "online")?.at ?? 0)
    return cameIn > at
  }
  return now - at > daysMillis && (device?.lastSeenAt ?? 0) > at
}

const daysMillis = 86_400_000

const stages: ReadonlyMap<string, number> = new Map(
  chapters.flatMap(({ entries }, stage) => Object.keys(entries).map((code) => [code, stage] as const))
)
const stageOf = (code: string): number => first.get(code) ?? stages.get(code) ?? chapters.length

/** Before all else: nothing that the device does can help. Behind all else: what healthy devices do, too. */
const first: ReadonlyMap<string, number> = new Map([
  ["unknown-product", -3],
  ["keys-swapped", -4],
  ["keys-capitals", -4],
  ["wrong-product", -2],
  ["unknown-device", -1],
  ["device-disabled", -1],
  // Beside its named causes: the newest of them stands first.
  ["wrong-key", 3],
  ["session-replaced", chapters.length],
  ["nothing-pending", chapters.length + 1]
])

/** Datagrams, identities, handshakes and keys; the stages before registration are judged by `unregistered`. */
const keptOut: ReadonlySet<number> = new Set([-4, -3, -2, -1, 0, 1, 2, 3])

const verdictOf = ({ device, now, unregistered }: Evidence, findings: ReadonlyArray<Finding>): string => {
  const holding = findings.filter(({ over }) => !over)
  const [cause] = holding
  const more = holding.length > 1 ? ` ${holding.length - 1} more cause${holding.length > 2 ? "s" : ""} below.` : ""
  if (device === undefined && unregistered === undefined) {
    return cause === undefined ? "Nothing was refused of this address lately." : `${cause.sentence}${more}`
  }
  if (device === undefined) return `${cause?.sentence ?? "There is no such device."}${more}`
  const state = device.status === "inactive" ? "was never activated" : `is ${device.status}`
  return cause === undefined
    ? `The device ${state}, and nothing was refused of it lately.${heardAgo(device, now)}`
    : `The device ${state}. ${cause.sentence}${more}`
}

const heardAgo = ({ lastSeenAt }: SeenDevice, now: number): string => {
  if (lastSeenAt === undefined) return ""
  const seconds = Math.max(0, Math.round((now - lastSeenAt) / 1_000))
  if (seconds < 120) return ` It was heard ${seconds} s ago.`
  return seconds < 7_200
    ? ` It was heard ${Math.round(seconds / 60)} min ago.`
    : ` It was heard ${Math.round(seconds / 3_600)} h ago.`
}
