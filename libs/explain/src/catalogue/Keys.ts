import { type KeyMistake, keyMistakes } from "@roost/enos"
import type { RefusalEntry } from "../Refusal.ts"

export type KeyMistakeCode = `wrong-key-${Kebab<KeyMistake>}`

/** `secretAsKey` → `wrong-key-secret-as-key`. */
export const keyMistakeCode = (mistake: KeyMistake): KeyMistakeCode =>
  `wrong-key-${mistake.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` as KeyMistakeCode

const provision =
  "Write the device's secret into it, or look why the firmware does not find it (an empty partition, another offset)."

/** Of those that are another text than the secret; the firmware of the others derives its key otherwise. */
const cures: Partial<Record<KeyMistake, string>> = {
  otherSecret:
    "SecureMode 2 takes the device's secret, SecureMode 3 the product's: change the mode in the identity, or the secret.",
  formerSecret:
    "Give the device the product's secret of today, or a secret of its own. For a batch that has the former one: rotate to it " +
    "(POST …:rotate-secret with productSecret and graceSeconds), and back when the batch is activated.",
  emptySecret: provision,
  zeros: provision,
  deviceKey: "Give the device its secret: registering it, or POST …:replace, tells it once."
}

const cureOf = (mistake: KeyMistake): string => cures[mistake] ?? "Have the firmware derive its key so."

/** One entry for each mistake that firmware was seen to make. */
export const keyRefusals = Object.fromEntries(
  (Object.keys(keyMistakes) as Array<KeyMistake>).map((mistake) => [
    keyMistakeCode(mistake),
    {
      sentence: `Wrong key: the device's is ${keyMistakes[mistake]}.`,
      cause:
        "Expected: bytes 9–24, counted from 1, of SHA-256 of the secret's text. The Finished that failed verifies under the key of that " +
        "mistake, so nothing is guessed.",
      cure: cureOf(mistake)
    }
  ])
) as Readonly<Record<KeyMistakeCode, RefusalEntry>>

/** Names of EnOS's mistakes in small letters with hyphens. */
type Kebab<Text extends string> = Text extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Kebab<Tail>}`
    : `-${Lowercase<Head>}${Kebab<Tail>}`
  : Text
