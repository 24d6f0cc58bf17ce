import { it } from "@effect/vitest"
import { Effect } from "effect"
import { collectHeap } from "../src/HeapAfterStart.ts"

// It hung every process three seconds after its start: V8 waited for a lock that the end of the collection held.
it.live("a process goes on after its heap was collected, however often", () => Effect.repeat(collectHeap, { times: 3 }))
