import type { HandshakeFragment } from "../handshake/Header.ts"

/**
 * A ClientKeyExchange that comes in pieces, any of which may be forged, since nothing protects them (RFC 5246 §7.4.7). So a piece
 * that fits what came before is put to it, and what came before stays beside it as it was. Another piece may be the one that belongs
 * there. Up to `max` such versions are kept; the one of which no piece was heard for the longest time gives way. Between two
 * pieces of the client somebody would have to forge as many of their own to keep it out.
 */
export class ExchangePieces {
  readonly messageSeq: number
  readonly #max: number
  /** The one that was heard last is last. */
  #versions: Array<Version> = []
  /** Complete, and not given out yet. */
  #complete: Array<Uint8Array> = []

  constructor(messageSeq: number, max: number) {
    this.messageSeq = messageSeq
    this.#max = max
  }

  /**
   * The body of the message that is complete by this piece, if one is. Of several it is the one whose other pieces came last, and
   * `isKnown` says whether it has been given out before. The others follow with the next pieces.
   */
  add(fragment: HandshakeFragment, isKnown: (body: Uint8Array) => boolean): Uint8Array | undefined {
    if (fragment.fragment.length === 0) return undefined
    const silent: Array<Version> = []
    const repeated: Array<Version> = []
    const told = [tell(unknown(fragment.length), fragment)!]
    for (const version of this.#versions) {
      const more = tell(version, fragment)
      if (more === version) repeated.push(version)
      else {
        silent.push(version)
        if (more !== undefined) told.push(more)
      }
    }
    if (repeated.some(({ missing }) => missing === told[0]!.missing)) told.shift()
    const incomplete = told.filter(({ missing }) => missing > 0).sort((a, b) => b.missing - a.missing)
    this.#versions = [...silent, ...repeated, ...incomplete].slice(-this.#max)
    const complete = told.filter(({ missing }) => missing === 0).map(({ bytes }) => Uint8Array.from(bytes))
    const found = [...this.#complete, ...complete]
    const fresh = found.filter((body) => !isKnown(body))
    const body = fresh.pop() ?? found.at(-1)
    this.#complete = fresh.slice(-completeMax)
    return body
  }
}

/** Versions that are complete and wait to be given out. */
const completeMax = 3

/** The message as some of its pieces tell it: each byte, or `nothing`. */
interface Version {
  readonly bytes: Int16Array
  readonly missing: number
}

const nothing = -1

function unknown(length: number): Version {
  return { bytes: new Int16Array(length).fill(nothing), missing: length }
}

/** With what the piece says; the same one if it says nothing new, undefined if the two contradict each other. */
function tell(version: Version, { fragment, fragmentOffset, length }: HandshakeFragment): Version | undefined {
  if (version.bytes.length !== length) return undefined
  let news = 0
  for (let i = 0; i < fragment.length; i++) {
    const known = version.bytes[fragmentOffset + i]!
    if (known === nothing) news++
    else if (known !== fragment[i]) return undefined
  }
  if (news === 0) return version
  const bytes = version.bytes.slice()
  bytes.set(fragment, fragmentOffset)
  return { bytes, missing: version.missing - news }
}
