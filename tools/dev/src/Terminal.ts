import type { DevConfig } from "./DevConfig.ts"

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** For a person on this machine. */
export const urlOf = (config: DevConfig, port: number): string =>
  `http://${config.httpHost === "0.0.0.0" ? "127.0.0.1" : config.httpHost}:${port}`
