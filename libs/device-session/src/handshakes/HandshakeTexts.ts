import type { RejectReason } from "@roost/dtls"

/** Reasons of refused handshakes, for operators: what came, what was expected, the likely cause and the cure. */

export const refusedKind = "handshake-refused"

export const rejectText: Readonly<Record<RejectReason, string>> = {
  RecordUnverifiable:
    "wrong key: the device's secret is not the registered one, or its PSK is not bytes 9–24 of SHA-256 of it. " +
    "Compare both, or give the device another secret (POST …:rotate-secret)",
  VerifyDataMismatch: "the device's Finished covers another handshake than ours: something changed messages on the way",
  UnexpectedHandshake: "the device sent another handshake message where its Finished is due",
  BufferFull: "the device sent more data than is kept before its handshake is verified"
}

export const credentialChangedText =
  "the device's credential changed, or it was disabled or deleted, during its handshake"

export const displacingText =
  "the device has a session of its own secret (SecureMode 2), which no handshake with the product's secret (SecureMode 3) " +
  "displaces. It lost its secret, or something else uses the product's secret. POST …:replace lets new hardware activate"

export const secretTooShortText =
  "the device came in with a secret that is shorter than the registry takes today (ROOST_SECRET_LENGTH_MIN, 16 characters unless " +
  "it is set): whoever listens to one handshake can find it by trying. Give it a longer one (POST …:rotate-secret)"

export const unfinishedText = (millis: number): string =>
  `no Finished came within ${millis / 1000} s after ClientKeyExchange: the device gave up, went to sleep, or the rest of its ` +
  "flight was lost on the way. Its next handshake starts anew"

export const randomText =
  "the device's ClientHello has the random of the one before: it has no entropy, so each boot may repeat its keys' inputs. " +
  "Seed its random numbers, from a noisy input or a counter in flash"
