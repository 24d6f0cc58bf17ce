import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { randomInt } from "node:crypto"
import { loadFuzzModule, repositoryRoot } from "./FuzzModule.ts"

/** The exports of libs/dtls/fuzz/Sequences.ts. */
interface Sequences {
  readonly sequenceVariants: ReadonlyArray<{ readonly name: string }>
  /** Throws an anomaly. */
  readonly playSequence: (
    variant: { readonly name: string },
    seed: number
  ) => { readonly established: number; readonly datagrams: number }
}

/** Sequences between two lines of progress. */
const sequencesPerLine = 10_000
/** Anomalies after which a variant is left alone. */
const anomaliesMax = 5

export const sequences = Command.make(
  "sequences",
  {
    count: Flag.Int("count").pipe(
      Flag.withDescription("sequences of each variant: suites with and without connection ids"),
      Flag.withDefault(1_000)
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("first seed; 0 takes a new one each time"), Flag.withDefault(0))
  },
  Effect.fnUntraced(function* ({ count, seed: given }) {
    const { playSequence, sequenceVariants } = yield* Effect.promise(() =>
      loadFuzzModule<Sequences>(repositoryRoot, "dtls", "Sequences.ts")
    )
    const first = given === 0 ? randomInt(1, 2 ** 30) : given
    yield* Console.log(`${count} sequences of each variant from seed ${first}`)
    let anomalies = 0
    for (const variant of sequenceVariants) {
      let [datagrams, established, found] = [0, 0, 0]
      for (let seed = first; seed < first + count && found < anomaliesMax; seed++) {
        try {
          const played = playSequence(variant, seed)
          datagrams += played.datagrams
          established += played.established
        } catch (error) {
          found++
          const stack = error instanceof Error ? error.stack : String(error)
          yield* Console.error(`✗ ${variant.name}, --count 1 --seed ${seed} tries it again\n${stack}`)
        }
        const done = seed - first + 1
        if (done % sequencesPerLine === 0 && done < count) yield* Console.log(`  ${variant.name}: ${done} of ${count}`)
      }
      anomalies += found
      yield* Console.log(
        `${found === 0 ? "✓" : "✗"} ${variant.name}: ${count} sequences, ${datagrams.toLocaleString("en")} datagrams, ` +
          `${established.toLocaleString("en")} handshakes, ${found} anomalies`
      )
    }
    if (anomalies > 0) process.exitCode = 1
  })
).pipe(
  Command.withDescription(
    "Random sequences of hellos, cookies, key exchanges, records, alerts, fragments and copies against the DTLS server, and a model " +
      "that says what it may answer and accept"
  )
)
