import { assert, describe, it } from "@effect/vitest"
import { type PeerAddress, parsePeerAddress } from "@roost/contracts"
import { DatagramBatches } from "../src/DatagramBatches.ts"
import { openDatagramBatches } from "../src/DatagramBatchesTrial.ts"
import { libcSockets, type LibcSockets } from "../src/LibcSockets.ts"

const peers = Array.from({ length: 10 }, (_, i) => parsePeerAddress("192.0.2.1", 1000 + i)!)

/** A kernel that takes as many messages per call as it is told to, and says no with -1. */
const kernel = (...answers: Array<number>): { readonly libc: LibcSockets; readonly asked: Array<number> } => {
  const asked: Array<number> = []
  const none = () => -1
  const sendmmsg = (_fd: number, _messages: bigint, count: number): number => {
    asked.push(count)
    return Math.min(answers.shift() ?? -1, count)
  }
  const others = { socket: none, bind: none, getsockname: none, close: none, recvmmsg: none }
  return { libc: { ...others, sendmmsg, addressOf: () => 0x1000n }, asked }
}

const refusedOf = (libc: LibcSockets): Array<number> => {
  const batches = new DatagramBatches(libc, 3, 4)
  peers.forEach((peer, i) => assert.isTrue(batches.add(peer, Uint8Array.of(i))))
  const refused: Array<number> = []
  batches.flush((peer, datagram) => {
    assert.strictEqual(peer.key, peers[datagram[0]!]!.key)
    refused.push(datagram[0]!)
  })
  assert.strictEqual(batches.pending, 0)
  return refused
}

describe("DatagramBatches", () => {
  it("sends all of a turn with one call", () => {
    const { asked, libc } = kernel(10)
    assert.deepStrictEqual(refusedOf(libc), [])
    assert.deepStrictEqual(asked, [10])
  })

  it("gives back the one datagram whose address can't be reached, and sends the others", () => {
    const { asked, libc } = kernel(3, 6)
    assert.deepStrictEqual(refusedOf(libc), [3])
    assert.deepStrictEqual(asked, [10, 6])
  })

  it("gives back the first one, and the last one", () => {
    assert.deepStrictEqual(refusedOf(kernel(-1, 9).libc), [0])
    assert.deepStrictEqual(refusedOf(kernel(9, -1).libc), [9])
  })

  it("gives back all that is left when the kernel's buffer is full, without asking for each", () => {
    const { asked, libc } = kernel(4, -1)
    assert.deepStrictEqual(refusedOf(libc), [4, 5, 6, 7, 8, 9])
    assert.deepStrictEqual(asked, [10, 5])
  })

  it("takes no datagram that is too long, of the other family, or one more than its limit", () => {
    const limits = { receivedMax: 1, receivedBytesMax: 10, sentMax: 2, sentBytesMax: 10 }
    const batches = new DatagramBatches(kernel().libc, 3, 4, limits)
    assert.isFalse(batches.add(peers[0]!, new Uint8Array(11)))
    assert.isFalse(batches.add(parsePeerAddress("2001:db8::1", 1)!, new Uint8Array(1)))
    assert.isTrue(batches.add(peers[0]!, new Uint8Array(10)))
    assert.isTrue(batches.add(peers[0]!, new Uint8Array(0)))
    assert.isFalse(batches.add(peers[0]!, new Uint8Array(1)))
  })
})

describe("openDatagramBatches", () => {
  const deliverNothing = (_peer: PeerAddress, _datagram: Uint8Array): void => undefined

  it("does without where libc is not to be had or the descriptor is unknown", () => {
    assert.isUndefined(openDatagramBatches(-1, 4, 5684))
    assert.isUndefined(openDatagramBatches(3, 4, 5684, kernel().libc))
  })

  it("does without where calls throw, as for an argument that another version of node:ffi takes otherwise", () => {
    const throws = (): never => {
      throw new TypeError("not that type")
    }
    assert.isUndefined(openDatagramBatches(3, 4, 5684, { ...kernel().libc, getsockname: throws }))
  })

  // Elsewhere there are none, which is what the socket's own tests run with then.
  const libc = libcSockets()
  if (libc !== undefined) {
    it("does without if the descriptor is another socket's, or none", () => {
      const fd = libc.socket(2, 2, 0)
      try {
        assert.isUndefined(openDatagramBatches(fd, 4, 5684, libc))
        assert.isUndefined(openDatagramBatches(0, 4, 5684, libc))
      } finally {
        libc.close(fd)
      }
    })

    for (const [what, broken] of [
      ["takes datagrams and delivers none", { sendmmsg: (_fd: number, _at: bigint, count: number) => count }],
      ["says that it received what it did not", { recvmmsg: () => 3 }],
      ["refuses to send", { sendmmsg: () => -1 }]
    ] as const) {
      it(`does without if the kernel ${what}`, () => {
        const fd = libc.socket(2, 2, 0)
        const memory = new ArrayBuffer(16)
        new Uint8Array(memory).set([2, 0, 0, 0, 127, 0, 0, 1])
        try {
          assert.strictEqual(libc.bind(fd, libc.addressOf(memory), 16), 0)
          const length = new Uint32Array(new ArrayBuffer(4)).fill(16)
          assert.strictEqual(libc.getsockname(fd, libc.addressOf(memory), libc.addressOf(length.buffer)), 0)
          const port = new DataView(memory).getUint16(2)
          const batches = openDatagramBatches(fd, 4, port, libc)
          assert.strictEqual(batches?.receive(deliverNothing), 0)
          assert.isUndefined(openDatagramBatches(fd, 4, port, { ...libc, ...broken }))
        } finally {
          libc.close(fd)
        }
      })
    }
  }
})
