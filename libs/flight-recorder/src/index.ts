export {
  FlightRecorder,
  type FlightRecorderOptions,
  joined,
  tapAddress,
  type Tapped,
  wantsSecrets
} from "./FlightRecorder.ts"
export { inOrderOf, recordingPcapng } from "./pcapng/RecordingPcapng.ts"
export { attachRecorder, type AttachOptions, type Batch, decodeBatch } from "./attachRecorder.ts"
