import type { PeerAddress } from "@roost/contracts"
import {
  ContentType,
  decodeClientHello,
  encodeClientHello,
  encodeClientKeyExchange,
  encodeHandshake,
  encodePlaintextRecord,
  fragmentHandshake,
  type HandshakeFragment,
  HandshakeType,
  readHandshakeFragment,
  readRecord
} from "@roost/dtls"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import { LossyRoost } from "./support/LossyRoost.ts"

/** A client sends its flight again after one second, and after two more (RFC 6347 §4.2.4.1). */
const onceMillis = 1_500
const twiceMillis = 3_500

interface Seen {
  readonly roost: LossyRoost
  readonly peer: PeerAddress
  readonly datagram: Uint8Array
  readonly from: "device" | "edge"
  /** Its last ClientHello with a cookie. */
  readonly hello: Uint8Array | undefined
  /** The first answer to that. */
  readonly isAnswer: boolean
}
type Mischief = (seen: Seen) => void

/** The plaintext handshake fragment at the beginning of a datagram. */
const fragmentOf = (datagram: Uint8Array): HandshakeFragment | undefined => {
  const record = readRecord(datagram, 0, 8)
  if (record === undefined || record.epoch !== 0 || record.contentType !== ContentType.handshake) return undefined
  return readHandshakeFragment(record.fragment, 0)
}

const plaintext = (type: number, content: Uint8Array, sequence = 9) => encodePlaintextRecord(type, sequence, content)

const cookieOf = (datagram: Uint8Array): Uint8Array | undefined => {
  const fragment = fragmentOf(datagram)
  if (fragment?.type !== HandshakeType.client_hello) return undefined
  return Result.getOrThrow(decodeClientHello(fragment.fragment)).cookie
}

/** The device's own hello with something else in it that the cookie does not cover. */
const changed = (datagram: Uint8Array, recordSizeLimit: number): Uint8Array => {
  const fragment = fragmentOf(datagram)!
  const hello = Result.getOrThrow(decodeClientHello(fragment.fragment))
  const body = encodeClientHello({ ...hello, extensions: { ...hello.extensions, recordSizeLimit } })
  return plaintext(ContentType.handshake, encodeHandshake(HandshakeType.client_hello, fragment.messageSeq, body))
}

const keyExchange = ({ messageSeq }: { readonly messageSeq: number }, identity: string): Uint8Array => {
  const body = encodeClientKeyExchange({ pskIdentity: new TextEncoder().encode(identity) })
  return encodeHandshake(HandshakeType.client_key_exchange, messageSeq, body)
}
const changeCipherSpec = plaintext(ContentType.change_cipher_spec, Uint8Array.of(1))
const protectedJunk = (contentType: number, bytes: number): Uint8Array => {
  const record = encodePlaintextRecord(contentType, 1, new Uint8Array(bytes).fill(7))
  record[4] = 1
  return record
}
const isKeyExchange = (fragment: HandshakeFragment | undefined): fragment is HandshakeFragment =>
  fragment?.type === HandshakeType.client_key_exchange

/** For each datagram that is seen. A forged datagram arrives before one of the device's, unless it is late. */
const mischief: Readonly<Record<string, Mischief>> = {
  "a changed copy of its ClientHello, once it was answered": ({ hello, isAnswer, peer, roost }) => {
    if (isAnswer) roost.forge(peer, changed(hello!, 200))
  },
  "five changed copies of its ClientHello, once it was answered": ({ hello, isAnswer, peer, roost }) => {
    if (isAnswer) for (let i = 0; i < 5; i++) roost.forge(peer, changed(hello!, 200 + i))
  },
  "copies of its ClientHello, changed or not, in front of each part of its last flight": (seen) => {
    const { datagram, from, hello, peer, roost } = seen
    if (from === "edge" || hello === undefined || cookieOf(datagram) !== undefined) return
    for (const copy of [hello, changed(hello, 201)]) roost.forge(peer, copy)
  },
  "a forged key exchange, and then a changed copy of its ClientHello": ({ datagram, from, hello, peer, roost }) => {
    const fragment = fragmentOf(datagram)
    if (from === "edge" || hello === undefined || !isKeyExchange(fragment)) return
    roost.forge(peer, plaintext(ContentType.handshake, keyExchange(fragment, "pk,d9,2,60")))
    roost.forge(peer, changed(hello, 202))
  },
  "another device's key exchange, ChangeCipherSpec and Finished": ({ datagram, from, peer, roost }) => {
    if (from === "edge") return
    const fragment = fragmentOf(datagram)
    if (!isKeyExchange(fragment)) return
    const exchange = plaintext(ContentType.handshake, keyExchange(fragment, "pk,d9,2,60"))
    roost.forge(peer, Buffer.concat([exchange, changeCipherSpec, protectedJunk(ContentType.handshake, 40)]))
  },
  "a key exchange of another device in front of and behind each datagram of it": ({ datagram, from, peer, roost }) => {
    if (from === "edge") return
    const messageSeq = fragmentOf(datagram)?.messageSeq ?? 2
    const exchange = keyExchange({ messageSeq }, "pk,d9,2,60")
    for (const after of [0, 1]) roost.forge(peer, plaintext(ContentType.handshake, exchange), after)
  },
  "key exchanges of ten devices in front of and behind its last flight, if that is one datagram": ({
    datagram,
    from,
    peer,
    roost
  }) => {
    const fragment = fragmentOf(datagram)
    if (from === "edge" || !isKeyExchange(fragment) || readRecord(datagram, 0, 8)!.next === datagram.length) return
    for (let i = 0; i < 10; i++) {
      const exchange = keyExchange(fragment, `pk,d1${i},2,60`)
      for (const after of [0, 1]) roost.forge(peer, plaintext(ContentType.handshake, exchange), after)
    }
  },
  "a key exchange in another mode and one that can't be read": ({ datagram, from, peer, roost }) => {
    if (from === "edge") return
    const fragment = fragmentOf(datagram)
    if (!isKeyExchange(fragment)) return
    for (const identity of ["pk,d0,3,60", "no identity"]) {
      roost.forge(peer, plaintext(ContentType.handshake, keyExchange(fragment, identity)))
    }
  },
  "pieces of key exchanges that contradict its own, before they come": ({ isAnswer, peer, roost }) => {
    if (!isAnswer) return
    const { length } = encodeClientKeyExchange({ pskIdentity: new TextEncoder().encode("pk,d0,2,60") })
    for (const size of [length, length + 7]) {
      const message = { type: HandshakeType.client_key_exchange, messageSeq: 2, body: new Uint8Array(size).fill(0x61) }
      roost.forge(peer, plaintext(ContentType.handshake, fragmentHandshake(message, 12 + 5).at(-1)!))
    }
  },
  "ChangeCipherSpec and protected junk, more than is kept": ({ from, peer, roost }) => {
    if (from === "edge") return
    roost.forge(peer, changeCipherSpec)
    for (let i = 0; i < 10; i++) roost.forge(peer, protectedJunk(ContentType.handshake, 300))
  },
  "plaintext alerts, HelloRequests and Finished": ({ from, peer, roost }) => {
    if (from === "edge") return
    roost.forge(peer, plaintext(ContentType.alert, Uint8Array.of(2, 40)))
    roost.forge(peer, plaintext(ContentType.alert, Uint8Array.of(1, 0)))
    for (const type of [HandshakeType.hello_request, HandshakeType.finished, HandshakeType.server_hello_done]) {
      roost.forge(peer, plaintext(ContentType.handshake, encodeHandshake(type, 0, new Uint8Array(0))))
      roost.forge(peer, plaintext(ContentType.handshake, encodeHandshake(type, 2, new Uint8Array(0))))
    }
  },
  "each of its datagrams again, much later": ({ datagram, from, peer, roost }) => {
    if (from === "edge") return
    for (const after of [3, 20, 200]) roost.forge(peer, datagram, after)
  }
}

/** ClientKeyExchange in pieces of 5 bytes, each record of the flight in a datagram of its own. */
const inPieces = (datagram: Uint8Array): ReadonlyArray<Uint8Array> => {
  const datagrams: Array<Uint8Array> = []
  for (let at = 0; at < datagram.length;) {
    const record = readRecord(datagram, at, 8)!
    const fragment = fragmentOf(datagram.subarray(at, record.next))
    if (!isKeyExchange(fragment)) datagrams.push(datagram.subarray(at, record.next))
    else {
      const message = { type: fragment.type, messageSeq: fragment.messageSeq, body: fragment.fragment }
      const pieces = fragmentHandshake(message, 12 + 5)
      for (const [i, piece] of pieces.entries()) {
        datagrams.push(plaintext(ContentType.handshake, piece, record.sequence + i))
      }
    }
    at = record.next
  }
  return datagrams
}

const handshakes = [
  { name: "without a connection id", connectionId: false, cut: undefined },
  { name: "with a connection id", connectionId: true, cut: undefined },
  { name: "in pieces", connectionId: false, cut: inPieces }
]

describe("somebody who sees a device's handshake and sends with its address", () => {
  for (const [name, play] of Object.entries(mischief)) {
    it(`${name}: costs it one retransmission at most, two if it sends pieces (trust A3)`, () => {
      for (const { connectionId, cut, name: how } of handshakes) {
        const roost = new LossyRoost(1)
        const device = roost.device("d0", 10_000, connectionId)
        device.cut = cut
        let hello: Uint8Array | undefined
        let answered: Uint8Array | undefined
        roost.observer = (peer, datagram, from) => {
          if (from === "device" && (cookieOf(datagram)?.length ?? 0) > 0) hello = datagram
          const isAnswer = from === "edge" && hello !== undefined && hello !== answered
          if (isAnswer) answered = hello
          play({ roost, peer, datagram, from, hello, isAnswer })
        }
        device.connect()
        roost.schedule.runUntil(roost.now + (cut === undefined ? onceMillis : twiceMillis))
        assert.isDefined(device.connectedAt, how)
        assert.deepStrictEqual(roost.numbersRepeated, [])
      }
    })
  }
})
