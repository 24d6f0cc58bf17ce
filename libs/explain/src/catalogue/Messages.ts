import type { RefusalEntries } from "../Refusal.ts"

const raw = "Likely JSON or raw bytes were sent into the session, without CoAP."
const noMarker = "Likely the payload begins without its marker 0xff."
const sendCoap = "Send a CoAP message (RFC 7252 §3): a request as CON or NON, POST or GET."

/** Messages that the CoAP layer of a session refuses by itself. The first fourteen are no requests: silence or RST. */
export const messageRefusals = {
  "coap-too-short": {
    sentence: "The message has fewer than the 4 bytes of a CoAP header.",
    cause: "Likely text was sent into the session, without CoAP.",
    cure: sendCoap
  },
  "coap-version": {
    sentence: "The first two bits of the message are not 01, CoAP's version.",
    cause: raw,
    cure: sendCoap
  },
  "coap-token-length": {
    sentence: "The message has a token length of 9 to 15: expected 0 to 8.",
    cause: raw,
    cure: sendCoap
  },
  "coap-token-cut": {
    sentence: "The message ends inside its token.",
    cause: "Likely it was cut, or the token length is wrong.",
    cure: sendCoap
  },
  "coap-empty-with-content": {
    sentence: "A message with code 0.00 has a token, options or a payload.",
    cause: "Likely its code was not set.",
    cure: "Set the code: GET is 0.01, POST is 0.02."
  },
  "coap-option-reserved": {
    sentence: "An option's delta or length is 15, which is reserved.",
    cause: noMarker,
    cure: "Put 0xff between options and payload."
  },
  "coap-option-header-cut": {
    sentence: "The message ends inside an option's header.",
    cause: "Likely it was cut, or an option's length is wrong.",
    cure: "Write each option as RFC 7252 §3.1 has it."
  },
  "coap-option-number": {
    sentence: "An option's number is above 65535.",
    cause: noMarker,
    cure: "Put 0xff between options and payload."
  },
  "coap-option-cut": {
    sentence: "The message ends inside an option's value.",
    cause: "Likely it was cut, or the payload begins without its marker 0xff.",
    cure: "Put 0xff between options and payload, and send the whole message."
  },
  "coap-too-many-options": {
    sentence: "The message has more than 280 options.",
    cause: noMarker,
    cure: "Put 0xff between options and payload."
  },
  "coap-marker-without-payload": {
    sentence: "Nothing follows the payload's marker 0xff.",
    cause: "Likely an empty variable was printed.",
    cure: "Without a payload leave the marker out."
  },
  "coap-request-as-ack": {
    sentence: "A request came as ACK or RST: expected CON or NON.",
    cause: "Likely the type was not set.",
    cure: "Set the type: CON is 0, NON is 1."
  },
  "coap-response-unexpected": {
    sentence: "A response came that answers no request of ours.",
    cause: "Likely a separate response was repeated, or client and server are mixed up.",
    cure: "Have the device send requests, and answer nothing that was not asked."
  },
  "coap-code-class": {
    sentence: "The class of the message's code is 1, 3, 6 or 7: expected a request.",
    cause: "Likely the code was written in decimal.",
    cure: "Set the code: GET is 0.01, POST is 0.02."
  },
  "coap-option-unknown": {
    sentence: "The request has a critical option that is not served; it was answered 4.02.",
    cause: "Likely a client's default, or an option of another platform: an odd number is critical.",
    cure: "Leave the option out. Uri-Path, Uri-Query, Content-Format, Accept, Block1, Block2 are served."
  },
  "coap-option-malformed": {
    sentence: "An option of the request can't be read; it was answered 4.02 or 4.00.",
    cause: "Likely its length is wrong, it comes twice, it is empty, or its text is in another encoding.",
    cure: "Send it as its RFC says."
  },
  "coap-proxying": {
    sentence: "The request asks for a proxy; it was answered 5.05.",
    cause: "Likely the client is set to use a proxy.",
    cure: "Send the path as Uri-Path options."
  },
  "block-size": {
    sentence:
      "A Block option has size exponent 7: expected 0 to 6, 16 to 1024 bytes (RFC 7959 §2.2); it was answered 4.00.",
    cause: "Likely the option's bits are in another order.",
    cure: "Send number << 4 | more << 3 | exponent."
  },
  "block-payload-size": {
    sentence: "A block has another number of bytes than its Block1 says; it was answered 4.00.",
    cause: "Likely the buffer is smaller than the block.",
    cure: "Announce the size that is sent, or send all but the last block whole."
  },
  "block-missing": {
    sentence: "A block came while the one before it is not here; it was answered 4.08.",
    cause: "Likely a block was lost, more than four minutes passed, or path or token were changed between blocks.",
    cure: "Begin again at block 0."
  },
  "block-unexpected": {
    sentence: "A request with a body has Block1 and asks for a later block by Block2; it was answered 4.00.",
    cause: "Likely the option of the upload is sent on while the answer is fetched.",
    cure: "Fetch the rest of an answer without Block1 and body (RFC 7959 §2.7)."
  },
  "block-beyond-end": {
    sentence: "The block that was asked for is behind the answer's end; it was answered 4.00.",
    cause: "Likely the client counts on after the last block.",
    cure: "Stop at the block whose more bit is 0."
  },
  "body-not-kept": {
    sentence: "The answer whose next block was asked for is not here any more; it was answered 4.08.",
    cause: "Likely more than four minutes passed, or other answers in blocks came between.",
    cure: "Ask for block 0 again."
  },
  "body-too-large": {
    sentence: "The body is larger than is taken; it was answered 4.13, and Size1 says how many bytes are.",
    cause: "Likely a log or a file in one message.",
    cure: "Split it into several messages."
  },
  "no-room-for-block": {
    sentence: "No block of the answer fits a record of this session.",
    cause: "Likely the client agreed on very small records.",
    cure: "Agree on a larger max_fragment_length or record_size_limit."
  },
  "too-many-exchanges": {
    sentence: "More requests came than are worked on at once; it was answered 4.29 or 5.03.",
    cause: "Likely the device sends on without answers, or repeats with new message ids.",
    cure: "Wait for the answer, or for Max-Age seconds."
  }
} as const satisfies RefusalEntries
