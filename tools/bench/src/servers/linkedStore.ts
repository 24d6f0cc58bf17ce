import { connect, type Msg } from "@nats-io/transport-node"
import { leastAnswer } from "./leastAnswer.ts"
import { leastStore } from "./LeastStore.ts"

// The other half of the least of two processes: what comes from linkedEdge.ts is stored, and then answered.
const nats = await connect({ servers: process.argv[2]! })
const store = await leastStore<Msg>(nats, (frame) => frame.respond(leastAnswer(frame.data)))
nats.subscribe("least.frame", {
  callback: (error, frame) => {
    if (error !== null) throw error
    store(frame.data, frame)
  }
})
await nats.flush()
process.stdout.write("ready\n")
