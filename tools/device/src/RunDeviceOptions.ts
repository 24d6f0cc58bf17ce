import type { CipherSuite } from "@roost/dtls"
import type { AnswerMode } from "./Meter.ts"

/** The flags of `npm run device`, as they were read. */
export interface RunDeviceOptions {
  readonly server: string | undefined
  readonly productKey: string
  readonly deviceKey: string
  readonly deviceSecret: string | undefined
  readonly productSecret: string | undefined
  readonly state: string | undefined
  readonly lifetime: number
  readonly interval: number
  /** 0: until interrupted. */
  readonly count: number
  readonly payload: string | undefined
  readonly raw: string | undefined
  readonly answer: AnswerMode
  readonly suites: ReadonlyArray<CipherSuite> | undefined
  readonly narrowband: boolean
  readonly noCid: boolean
  readonly noResume: boolean
  readonly quiet: boolean
}
