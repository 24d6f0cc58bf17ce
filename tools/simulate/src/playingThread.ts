import { parentPort } from "node:worker_threads"
import { playSystem } from "@roost/simulation"

// A thread of `SystemPlayers.ts`: seeds come in, reports go out.
parentPort!.on("message", (seed: number) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(playSystem(seed))
})
