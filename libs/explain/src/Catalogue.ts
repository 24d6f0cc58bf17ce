import { apiRefusals } from "./catalogue/Api.ts"
import { clientRefusals } from "./catalogue/Client.ts"
import { commandRefusals, sinkRefusals, webhookRefusals } from "./catalogue/Commands.ts"
import { datagramRefusals } from "./catalogue/Datagrams.ts"
import { handshakeRefusals, identityRefusals } from "./catalogue/Handshakes.ts"
import { keyRefusals } from "./catalogue/Keys.ts"
import { messageRefusals } from "./catalogue/Messages.ts"
import { presenceRefusals } from "./catalogue/Presence.ts"
import { requestRefusals } from "./catalogue/Requests.ts"
import type { RefusalEntries, RefusalEntry } from "./Refusal.ts"

/** Every refusal of Roost, by its code. docs/refusals.md and the registry's /refusals are written from it. */
export const catalogue = {
  ...datagramRefusals,
  ...identityRefusals,
  ...handshakeRefusals,
  ...keyRefusals,
  ...messageRefusals,
  ...presenceRefusals,
  ...requestRefusals,
  ...commandRefusals,
  ...webhookRefusals,
  ...sinkRefusals,
  ...apiRefusals,
  ...clientRefusals
} as const

export type RefusalCode = keyof typeof catalogue

/** The catalogue's chapters, in the order in which a device meets them. */
export const chapters: ReadonlyArray<{
  readonly title: string
  readonly about: string
  readonly entries: RefusalEntries
}> = [
  {
    title: "Datagrams",
    about: "What an edge does not take. The sender meets silence, an alert or another cookie.",
    entries: datagramRefusals
  },
  {
    title: "Identities",
    about: "What is wrong with a PSK identity. The client meets silence.",
    entries: identityRefusals
  },
  {
    title: "Handshakes",
    about: "Why a handshake that names a device makes no session, or an odd one. The client meets silence.",
    entries: handshakeRefusals
  },
  {
    title: "Wrong keys",
    about:
      "The device derives another key than the right one from its secret, or takes another secret. After the refusal the keys of known mistakes are tried, off the " +
      "device's way and some a second; nothing of it shows on the wire.",
    entries: keyRefusals
  },
  {
    title: "CoAP messages",
    about: "What is refused before anybody looks at the topic.",
    entries: messageRefusals
  },
  { title: "Presence", about: "Why a device is offline although nothing was refused.", entries: presenceRefusals },
  {
    title: "Requests",
    about: "What of a device's request is refused, or odd.",
    entries: requestRefusals
  },
  { title: "Commands", about: "How a command ends without success, or why it still waits.", entries: commandRefusals },
  { title: "Webhooks", about: "Why events do not reach a receiver.", entries: webhookRefusals },
  { title: "Sinks", about: "Why events do not reach a database or a broker.", entries: sinkRefusals },
  {
    title: "HTTP APIs",
    about: "The problems of the APIs (RFC 9457); `type` is `urn:roost:problem:` and the code.",
    entries: apiRefusals
  },
  {
    title: "Seen by a device",
    about: "What `npm run device` can tell by itself of a server that answers nothing.",
    entries: clientRefusals
  }
]

export const isRefusalCode = (code: string): code is RefusalCode => Object.hasOwn(catalogue, code)

export const entryOf = (code: RefusalCode): RefusalEntry => catalogue[code]

/** Where the entry stands: on the registry's address, and by the same fragment in docs/refusals.md. */
export const linkOf = (code: RefusalCode): string => links.get(code)!

/** Made once: events that wait are kept by the ten thousand. */
const links: ReadonlyMap<RefusalCode, string> = new Map(
  (Object.keys(catalogue) as Array<RefusalCode>).map((code) => [code, `/refusals#${code}`])
)

/** The members of an event that tell its refusal, beside its reason. */
export const codeAndLink = (code: RefusalCode): { readonly code: RefusalCode; readonly link: string } => ({
  code,
  link: linkOf(code)
})

/** A refusal as operators are told of it. */
export interface Told {
  readonly code: RefusalCode
  readonly reason: string
}

/** With the catalogue's words, unless there is more to say. */
export const told = (code: RefusalCode, reason: string = reasonOf(code)): Told => ({ code, reason })

/** The reason for an operator: `what` came in particular, or the entry's own sentence, then the cause and the cure. */
export const reasonOf = (code: RefusalCode, what?: string): string => {
  const { cause, cure, sentence } = entryOf(code)
  return `${inSmall(what ?? sentence)} ${cause} ${cure}`
}

/** Of a reason what came in particular, without the entry's words, which stand beside it; undefined where nothing is left. */
export const particularOf = (code: RefusalCode, reason: string): string | undefined => {
  const { cause, cure, sentence } = entryOf(code)
  const words = [`${inSmall(sentence)} ${cause} ${cure}`, `${sentence} ${cause} ${cure}`, `${cause} ${cure}`]
  const said = words.find((text) => reason.includes(text))
  if (said === undefined) return reason
  const left = reason.replace(said, "").replaceAll(/ {2,}/g, " ").replace(/: *$/, ".").trim()
  return left === "" ? undefined : left.charAt(0).toUpperCase() + left.slice(1)
}

/** The likely cause that a reason names: of this very message, where the entry's is of all of its kind. */
export const causeIn = (reason: string): string | undefined => {
  const cause = /(?:; likely cause: |[;.] likely )(.+?)(?=\.(?: |$)|; it is stored|$)/i.exec(reason)?.[1]
  return cause === undefined ? undefined : `Likely ${cause}.`
}

/** Reasons stand behind a colon; names such as ClientHello and DTLS stay as they are. */
const inSmall = (sentence: string): string =>
  /^[A-Z][a-z]*[ ,:]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence
