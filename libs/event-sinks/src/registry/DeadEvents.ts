import { DeadEvent, deadPerRequestMax, Streams, Subjects } from "@roost/contracts"
import { type DeadLetters, listDeadLetters, replayDeadLetters } from "@roost/nats"

const lettersOf = (sinkId: string): DeadLetters => ({
  stream: Streams.sinkDead.name,
  dead: Subjects.sinkDead(sinkId),
  replay: Subjects.sinkReplay(sinkId)
})

/** The events that could not be written, oldest first. */
export const listDeadEvents = (sinkId: string) => listDeadLetters(lettersOf(sinkId), DeadEvent, deadPerRequestMax)

/** Has them written again; says how many. */
export const replayDeadEvents = (sinkId: string) => replayDeadLetters(lettersOf(sinkId), deadPerRequestMax)
