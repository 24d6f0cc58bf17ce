import { freeUdpPort } from "@roost/testkit"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import type { Contestant, Place } from "./Contestant.ts"
import { memoryLine, pinned } from "./Pinned.ts"
import { type BuildTool, buildFailure, lackingTool } from "./Toolchain.ts"

const peersFolder = join(import.meta.dirname, "../../peers")
const everySession = 1_000_000

/** A server of ours around somebody else's stack, which speaks the lines of peers/README.md. */
const startPeer = (command: string, args: ReadonlyArray<string>) =>
  Effect.fnUntraced(function* ({ core, psk }: Place) {
    const port = yield* freeUdpPort
    const child = yield* pinned(core, {
      command,
      args: [...args, `${port}`, psk.toHex()],
      readyWhen: /^ready/m
    })
    return {
      port,
      processes: [["server", child.pid]] as const,
      liveBytes: memoryLine(child, child.write("memory\n"))
    }
  })

const javaTools: ReadonlyArray<BuildTool> = [
  { command: "javac", args: ["-version"], debianPackage: "default-jdk-headless" },
  { command: "mvn", args: ["-version"], debianPackage: "maven" }
]

export const californium: Contestant = {
  key: "californium",
  name: "Californium 3.14.0",
  suites: ["CCM_8", "CBC_SHA256"],
  prepare: () =>
    lackingTool(javaTools) ?? buildFailure(join(peersFolder, "californium"), "mvn", ["-q", "-B", "process-classes"]),
  start: startPeer("java", [
    "-Xmx6g",
    "-cp",
    ["classes", "lib/*"].map((part) => join(peersFolder, "californium/target", part)).join(":"),
    "CaliforniumServer"
  ]),
  // The optimising compiler of the JVM has replaced the last hot method after about 20 000 handshakes and 10 s of posts.
  warmUp: { handshakeRounds: 4, seconds: 8 },
  sessionsMax: everySession
}

export const goCoap: Contestant = {
  key: "go-coap",
  name: "go-coap 3.8.0, pion/dtls 3.1.15",
  suites: ["CCM_8", "CBC_SHA256"],
  prepare: () =>
    lackingTool([{ command: "go", args: ["version"], debianPackage: "golang-go" }]) ??
    buildFailure(join(peersFolder, "go-coap"), "go", ["build", "-o", "target/server", "."]),
  start: startPeer(join(peersFolder, "go-coap/target/server"), []),
  warmUp: { handshakeRounds: 1, seconds: 2 },
  sessionsMax: everySession
}

const coapLibrary = "libcoap-3-openssl"

export const libcoap: Contestant = {
  key: "libcoap",
  name: "libcoap 4.3.1, OpenSSL",
  // Its server refuses TLS_PSK_WITH_AES_128_CBC_SHA256 with handshake_failure.
  suites: ["CCM_8"],
  prepare: () =>
    lackingTool([
      { command: "cc", args: ["--version"], debianPackage: "build-essential" },
      { command: "pkg-config", args: ["--exists", coapLibrary], debianPackage: "pkg-config libcoap3-dev" }
    ]) ?? buildLibcoap(),
  start: startPeer(join(peersFolder, "libcoap/target/server"), []),
  warmUp: { handshakeRounds: 1, seconds: 2 },
  // It looks through all sessions for every datagram.
  sessionsMax: 10_000
}

const buildLibcoap = (): string | undefined => {
  const flags = execFileSync("pkg-config", ["--cflags", "--libs", coapLibrary], { encoding: "utf8" })
    .trim()
    .split(/\s+/)
  const folder = join(peersFolder, "libcoap")
  return (
    buildFailure(folder, "mkdir", ["-p", "target"]) ??
    buildFailure(folder, "cc", ["-O2", "-pthread", "-o", "target/server", "server.c", ...flags])
  )
}
