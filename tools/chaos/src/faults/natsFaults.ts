import type { NatsServer } from "@roost/testkit"
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"

export const natsFault = async (
  kind: "nats-kill" | "nats-pause" | "nats-restart",
  server: NatsServer,
  lastsMillis: number
): Promise<void> => {
  if (kind === "nats-pause") {
    await Effect.runPromise(server.pause)
    await sleep(lastsMillis)
    return Effect.runPromise(server.resume)
  }
  return restartNats(server, kind === "nats-kill" ? "SIGKILL" : "SIGTERM", lastsMillis)
}

export const restartNats = async (
  server: NatsServer,
  signal: "SIGTERM" | "SIGKILL",
  absentMillis: number
): Promise<void> => {
  await Effect.runPromise(server.stop(signal))
  await sleep(absentMillis)
  await Effect.runPromise(server.start)
}

export const allNatsGone = async (servers: ReadonlyArray<NatsServer>, absentMillis: number): Promise<void> => {
  await stopNats(servers, "SIGKILL")
  await sleep(absentMillis)
  await startNats(servers)
}

export const stopNats = async (servers: ReadonlyArray<NatsServer>, signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
  await Promise.all(servers.map((server) => Effect.runPromise(server.stop(signal))))
}

/** None is ready before it has found a majority. */
export const startNats = async (servers: ReadonlyArray<NatsServer>): Promise<void> => {
  await Promise.all(servers.map((server) => Effect.runPromise(server.start)))
}

/** Their connections stay, and nothing is told. */
export const freezeNats = async (servers: ReadonlyArray<NatsServer>, millis: number): Promise<void> => {
  await Promise.all(servers.map(({ pause }) => Effect.runPromise(pause)))
  await sleep(millis)
  await Promise.all(servers.map(({ resume }) => Effect.runPromise(resume)))
}
