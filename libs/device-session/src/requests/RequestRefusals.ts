import { Code, formatCode } from "@roost/coap"
import { EnosCode, meantBy, type Refusal, shownPath, type Topic, uplinkOfMethod } from "@roost/enos"
import type { RefusalCode } from "@roost/explain"
import type { ActiveModel } from "../state/ProductProfiles.ts"

/** Texts of refusals that `decide` decides, for the operator: what came, what was expected, the likely cause and the cure. */

interface Keys {
  readonly productKey: string
  readonly deviceKey: string
}

export const revokedText =
  "the device's secret changed, or it was disabled or deleted, and its session is from before. It has to handshake again, with its secret of now"

export const wrongMethodText = (code: number): string =>
  `the request's method is ${methodName(code)}: expected GET or POST. Data and replies are posted, commands are fetched by GET`

export const otherMethodText = (topic: string, { _tag }: Topic, code: number): string => {
  const posts = _tag === "Uplink" || _tag === "CommandReply"
  const why =
    _tag === "Command"
      ? `a command is fetched by GET, and its reply posted to /topic${topic}_reply`
      : posts
        ? "the device's data and replies go up by POST, and nothing is fetched there"
        : "the device's secret is fetched by GET"
  return `${methodName(code)} on /topic${topic}: expected ${posts ? "POST" : "GET"}; ${why}`
}

export const foreignTopicText = (topic: Keys, session: Keys): string => {
  const same = topic.productKey.toLowerCase() === session.productKey.toLowerCase()
  const isCase = same && topic.deviceKey.toLowerCase() === session.deviceKey.toLowerCase()
  const cause = isCase
    ? "capitals and small letters are mixed up"
    : "keys of another device are left in the firmware, or it speaks for a sub-device, which is not served"
  return (
    `the topic belongs to ${topic.productKey},${topic.deviceKey}: expected the session's own ${session.productKey},${session.deviceKey}. ` +
    `Likely ${cause}. Build topics from the keys of the PSK identity`
  )
}

export const notActivatedText = (topic: string): string =>
  `a session of the product's secret (SecureMode 3) came to /topic${topic}: expected a GET of thing/activate/info, which is all it may do. Fetch the ` +
  "device's secret by it, then handshake with that and SecureMode 2"

export const activatedText =
  "a session of the device's own secret (SecureMode 2) asks for that secret: expected a session of the product's (SecureMode 3). Likely the device " +
  "activates at each boot. Keep the secret; a device that lost it is replaced (POST …:replace) or gets another (POST …:rotate-secret)"

export const emptyRawText =
  "the payload is empty: expected raw bytes. Likely the length was 0, or the payload's marker 0xff is missing. An answer of the device without bytes needs no POST"

export const formatText = (option: "Content-Format" | "Accept", format: number): string =>
  `${option} is ${format}: expected 50 (JSON), 42 (octets) or 0 (text). Likely another format of the client's library is switched on, such as CBOR (60). ` +
  "Set one of these, or leave the option out"

/** `said` is the device's, in any length. */
export const otherTopicsMethodText = ({ deviceKey, productKey }: Keys, expected: string, said: string): string => {
  const own = uplinkOfMethod(said)
  const where =
    own === undefined
      ? "It is the method of no topic"
      : `Its topic is ${shownPath(["topic", "sys", productKey, deviceKey, ...own.name.split("/")])}`
  return (
    `the payload's method is ${JSON.stringify(said.slice(0, methodShownMax))}: expected ${expected}, the topic's own, with dots for slashes. ${where}. ` +
    "Send the topic's method, or post to the method's topic"
  )
}

/** A path that would be a topic with what it lacks in front. */
export const lacksPrefix = ([first = ""]: ReadonlyArray<string>): boolean => /^(?:sys|ext|thing|ota)$/i.test(first)

/** The catalogue's code of a message that is well-formed and refused. */
export const refusalOf = ({ code, unknown }: Refusal): RefusalCode => {
  if (code === EnosCode.noSubDevicePermission) return "sub-device"
  if (code !== EnosCode.modelValidationFailed) return "params-shape"
  return unknown === undefined ? "not-of-model" : "unknown-point"
}

/** The advice that goes with the refusal of a message that is well-formed. */
export const cureOf = ({ code }: Refusal, model: ActiveModel | undefined): string => {
  if (code === EnosCode.modelValidationFailed) {
    const id = model === undefined ? "" : ` ${model.compiled.modelId}`
    return `. The product's thing model${id} does not allow it: change the device's message, or the model (PUT /v1/models/{modelId})`
  }
  if (code === EnosCode.noSubDevicePermission) return ". Sub-devices are not served: a device posts its own data only"
  return ""
}

/** The name of the model that was probably meant; nothing if none is near. */
export const meantText = (refused: Refusal): string => {
  const nearest = meantBy(refused)
  return nearest === undefined ? "" : `. ${JSON.stringify(nearest)} was probably meant`
}

const methodName = (code: number): string => methodNames.get(code) ?? formatCode(code)

const methodNames: ReadonlyMap<number, string> = new Map([
  [Code.Get, "GET"],
  [Code.Post, "POST"],
  [Code.Put, "PUT"],
  [Code.Delete, "DELETE"],
  [Code.Fetch, "FETCH"],
  [Code.Patch, "PATCH"],
  [Code.IPatch, "iPATCH"]
])
const methodShownMax = 80
