import type { RefusalEntries } from "../Refusal.ts"

const modelCure = "Change the device's message, or the model (PUT /v1/models/{modelId})."
const millis = "EnOS wants milliseconds since 1970, in UTC. Without time the platform's counts."

/** Reasons to refuse a device's request, by 4.xx, 5.xx, or by a code of EnOS in a 2.04. */
export const requestRefusals = {
  "session-revoked": {
    sentence: "The device's secret changed, or it was disabled or deleted, and its session is from before: 4.01.",
    cause: "An operator changed the device while its session went on.",
    cure: "It has to handshake again, with its secret of now."
  },
  "coap-method": {
    sentence: "The request's method is none of GET and POST: 4.05.",
    cause: "Likely the client's library was asked for PUT.",
    cure: "Post data and replies, and fetch commands by GET."
  },
  "topic-method": {
    sentence: "The request's method is not its topic's: 4.05.",
    cause: "Likely a command is posted to, or data is fetched.",
    cure: "Data and replies go up by POST; a command and the device's secret are fetched by GET."
  },
  "unknown-topic": {
    sentence: "The request's path is no topic: 4.04.",
    cause: "Likely a segment is mistyped; the event names the nearest topic.",
    cure: "Send one of the topics of docs/protocol.md, each segment as a Uri-Path option of its own."
  },
  "topic-prefix-missing": {
    sentence: "The request's path lacks /topic in front: 4.04.",
    cause: "Likely the topic of the MQTT documentation was taken, or the client cut the first segment.",
    cure: "Send /topic/sys/{ProductKey}/{DeviceKey}/…, each segment as a Uri-Path option of its own."
  },
  "foreign-topic": {
    sentence: "The topic belongs to another device than the session: 4.03.",
    cause:
      "Likely keys of another device are left in the firmware, capitals are mixed up, or it speaks for a sub-device, which is not served.",
    cure: "Build topics from the keys of the PSK identity."
  },
  "not-activated": {
    sentence: "A session of the product's secret (SecureMode 3) came to another topic than thing/activate/info: 4.01.",
    cause: "Likely the device reports before it has fetched its own secret.",
    cure: "Fetch the device's secret by it, then handshake with that and SecureMode 2."
  },
  "activates-again": {
    sentence: "A session of the device's own secret (SecureMode 2) asks for that secret: 4.01.",
    cause: "Likely the device activates at each boot.",
    cure: "Keep the secret; a device that lost it is replaced (POST …:replace) or gets another (POST …:rotate-secret)."
  },
  "raw-payload-empty": {
    sentence: "The payload is empty: expected raw bytes; 4.00.",
    cause: "Likely the length was 0, or the payload's marker 0xff is missing.",
    cure: "Send the bytes behind 0xff. An answer of the device without bytes needs no POST."
  },
  "content-format": {
    sentence: "The request's Content-Format is none that is served: 4.15.",
    cause: "Likely another format of the client's library is switched on, such as CBOR (60).",
    cure: "Set 50 (JSON), 42 (octets) or 0 (text), or leave the option out."
  },
  "accept-format": {
    sentence: "The request's Accept is none that is served: 4.06.",
    cause: "Likely another format of the client's library is switched on, such as CBOR (60).",
    cure: "Set 50 (JSON), 42 (octets) or 0 (text), or leave the option out."
  },
  "payload-empty": {
    sentence: "The payload is empty: expected an EnOS message; 4.00.",
    cause: "Likely the length was 0, or the payload's marker 0xff is missing.",
    cure: "Send the message behind the payload's marker 0xff."
  },
  "payload-not-json": {
    sentence: "The payload is not JSON: 4.00. The event says which byte is wrong.",
    cause: "Likely the text was cut, ends in a NUL, or was printed by a format that JSON does not have.",
    cure: "Send JSON in UTF-8 with the text's own length. Raw bytes belong to thing/model/up_raw."
  },
  "payload-shape": {
    sentence: "The payload is JSON, and no EnOS message: 4.00.",
    cause: "Likely id, version, method or params is missing or of another type.",
    cure: 'Send {"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.5}}}.'
  },
  "payload-too-large": {
    sentence: "The payload is larger or deeper than is read: 4.00.",
    cause: "Likely many messages in one, or a structure that refers to itself.",
    cure: "Split it into several messages."
  },
  "method-mismatch": {
    sentence: "The payload's method is another topic's: 2.04 with code 1260.",
    cause: "Likely the message was copied from another topic's example.",
    cure: "Send the topic's method, with dots for slashes, or post to the method's topic."
  },
  "params-shape": {
    sentence:
      "The message's params have another shape than their method's: 2.04 with code 1200, 1206, 1207, 1208 or 1209.",
    cause: "Likely a member is mistyped, missing, or stands one level too high.",
    cure: "Send params as the event shows them for this method."
  },
  "sub-device": {
    sentence: "The message has a post of another device: 2.04 with code 1212.",
    cause: "Likely a gateway posts for its sub-devices, which are not served.",
    cure: "Have each device post its own data in a session of its own."
  },
  "unknown-point": {
    sentence:
      "The message names a point, event or attribute that the product's thing model does not have: 2.04 with code 1204.",
    cause: "Likely the name is mistyped, or the product has another model than the firmware was written for.",
    cure: modelCure
  },
  "not-of-model": {
    sentence: "A value of the message is not what the product's thing model allows: 2.04 with code 1204.",
    cause: "Likely the type or the range differs between firmware and model.",
    cure: modelCure
  },
  "too-many-requests": {
    sentence: "The device sends more than it may: 4.29, with Max-Age in seconds.",
    cause: "Likely it repeats without waiting for answers, or a loop has no pause.",
    cure: "Have it wait for its answers, and for Max-Age after a 4.29."
  },
  "too-many-properties-of-device": {
    sentence: "The device would have more attributes or tags than it may: 2.04 with code 1207 or 1200.",
    cause: "Likely names are made up at each boot.",
    cure: "Delete some, and keep to fixed names."
  },
  "properties-too-large": {
    sentence: "The device's attributes or tags would be larger than they may: 2.04 with code 1207 or 1200.",
    cause: "Likely a log or a file is kept as an attribute.",
    cure: "Post such data as measurepoints or events, or delete some attributes."
  },
  "device-gone": {
    sentence: "The device is not registered any more, and its session is from before: 4.01.",
    cause: "An operator deleted it a moment ago.",
    cure: "Register it again, if it is to come back."
  },
  "message-odd": {
    sentence:
      "The device's message was accepted, and a part of it is read by nobody: an unknown member or version, or a key given twice.",
    cause: "Likely a member is mistyped or stands in the wrong place, or two parts of the firmware write the same one.",
    cure: "Leave it out, or write it where the event says."
  },
  "time-in-seconds": {
    sentence: "A time in the device's message is in seconds; it is stored as it was written.",
    cause: "The number is right as a count of seconds.",
    cure: `Multiply it by 1000. ${millis}`
  },
  "time-in-microseconds": {
    sentence: "A time in the device's message is in microseconds; it is stored as it was written.",
    cause: "The number is right as a count of microseconds.",
    cure: `Divide it by 1000. ${millis}`
  },
  "time-in-nanoseconds": {
    sentence: "A time in the device's message is in nanoseconds; it is stored as it was written.",
    cause: "The number is right as a count of nanoseconds.",
    cure: `Divide it by 1 000 000. ${millis}`
  },
  "time-since-2000": {
    sentence: "A time in the device's message counts from 2000; it is stored as it was written.",
    cause: "Likely the epoch of the device's library is 2000.",
    cure: `Add 946684800000. ${millis}`
  },
  "time-since-start": {
    sentence: "A time in the device's message counts from its start; it is stored as it was written.",
    cause: "Likely the ticks of the device's timer were sent.",
    cure: millis
  },
  "time-not-set": {
    sentence: "A time in the device's message is 0; it is stored as it was written.",
    cause: "Likely the device's clock is not set.",
    cure: millis
  },
  "time-in-local-time": {
    sentence: "A time in the device's message is some hours off; it is stored as it was written.",
    cause: "Likely the clock is set to local time.",
    cure: millis
  },
  "time-far-off": {
    sentence: "A time in the device's message is far off; it is stored as it was written.",
    cause: "Likely the device's clock is wrong.",
    cure: millis
  },
  "script-threw": {
    sentence: "The product's script threw on the device's bytes: 4.00.",
    cause: "Likely the device sent another frame than the script knows, or it was cut.",
    cure: "Try the script with the bytes that the event shows (POST …/script:test)."
  },
  "script-result": {
    sentence: "The product's script gave no message for the device's bytes: 4.00.",
    cause: "Likely the script has no case for this frame.",
    cure: "It has to give a message with id, version, method and params. Try it with the event's bytes (POST …/script:test)."
  },
  "script-limit": {
    sentence: "The product's script was ended by a limit of time or memory: 5.00.",
    cause: "Likely a loop has no end for these bytes, or it keeps what it should not.",
    cure: "Try the script with the bytes that the event shows (POST …/script:test)."
  },
  "script-not-loaded": {
    sentence: "The product's script can't be run: 5.00.",
    cause: "Likely its text has a fault, or lacks rawDataToJsonStr or jsonStrToRawData.",
    cure: "Mend its text, test and publish it."
  },
  "script-busy": {
    sentence: "The product's script has more to convert than it can: 5.00.",
    cause: "Likely its devices send more at once than it can convert, or it met its limits again and again.",
    cure: "Make it faster, or have devices send less at once. It runs again in half a minute at the most."
  },
  "script-crashed": {
    sentence: "What runs the product's script failed: 5.00.",
    cause: "A fault of Roost, or a lack of memory.",
    cure: "Look into the log of session-actors."
  },
  "script-withdrawn": {
    sentence: "The product's script was taken back while it ran: 5.00.",
    cause: "An operator withdrew it a moment ago.",
    cure: "Nothing has to be done: bytes pass as they are from now on."
  },
  "script-answer": {
    sentence: "The product's script can't write the answer, and the device was answered without payload.",
    cause: "Likely jsonStrToRawData has no case for answers.",
    cure: "Have it give bytes for a message with id, code and data, and test it (POST …/script:test)."
  },
  "script-fails-for-several": {
    sentence: "The product's script could not read the bytes of several devices in a row.",
    cause: "Likely the script lacks a case that the firmware has.",
    cure: "Try it with the bytes that the event shows (POST …/script:test), mend and publish it."
  },
  "store-unavailable": {
    sentence: "The device's message could not be stored: 5.00, and the device keeps it.",
    cause: "Likely nats-server is away, has no leader, or its disk or stream is full.",
    cure: "Look at /readyz of session-actors and at docs/operations.md; the device comes again by itself."
  },
  "former-owner-gone": {
    sentence: "The device's former owner went away before it could answer: 5.00, and the device keeps its message.",
    cause: "A session-actors process ended while the store was slow.",
    cure: "Nothing has to be done: the device sends it again."
  },
  "response-too-large": {
    sentence: "The answer does not fit the device's records: 5.00.",
    cause: "Likely the client agreed on very small records.",
    cure: "Agree on a larger max_fragment_length or record_size_limit."
  },
  "announcement-left-out": {
    sentence: "Option 2100 does not fit the device's records, so that a command was not announced.",
    cause: "Likely the client agreed on very small records.",
    cure: "Agree on a larger max_fragment_length or record_size_limit, or let the device GET the topic unasked."
  },
  "nothing-pending": {
    sentence: "The device asked for a command on a topic on which none waits: 4.04.",
    cause: "Likely it asks now and then without Option 2100, or on another topic than was announced.",
    cure: "GET the topic that Option 2100 of an answer announces."
  },
  "reply-unknown": {
    sentence: "The device replied with an id of no command that waits; nothing was changed.",
    cause: "Likely the command is over (answered, timed out, cancelled), or the reply has an id of its own.",
    cure: "Reply once, with the command's id."
  },
  "reply-before-fetch": {
    sentence: "The device replied to a command that it did not fetch; nothing was changed.",
    cause: "Likely the reply's id was made up, or is of another device's command.",
    cure: "GET the command's topic before the reply."
  },
  "reply-other-topic": {
    sentence: "The device replied to a command on another topic than the command's; nothing was changed.",
    cause: "Likely one topic is used for all replies.",
    cure: "Post the reply to the command's own topic with _reply behind it."
  },
  "actor-fault": {
    sentence: "An exception in session-actors ended the device's turn.",
    cause: "A fault of Roost, not of the device; no other device is concerned.",
    cure: "Report it with the event's text. The session is read back from the store by itself."
  },
  "events-not-told": {
    sentence: "More events came than are told one by one; the reason names how many of each kind.",
    cause: "Likely the device fails in a loop.",
    cure: "Look at the events before this one."
  }
} as const satisfies RefusalEntries
