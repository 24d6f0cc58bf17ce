import child from "node:child_process"
import dgram from "node:dgram"
import { syncBuiltinESMExports } from "node:module"
import net from "node:net"

/** Loaded before each unit test: the one that reaches a process or the network nevertheless fails, and says why. */
const refuse = (what: string) => (): never => {
  throw new Error(`a unit test ${what}: import what does from its test, and npm run test:unit leaves it out`)
}

const startsProcess = refuse("starts a process")
Object.assign(child, { spawnSync: startsProcess, execSync: startsProcess, execFileSync: startsProcess })
Object.assign(child.ChildProcess.prototype, { spawn: startsProcess })
const opensSocket = refuse("opens a socket")
Object.assign(net.Socket.prototype, { connect: opensSocket })
Object.assign(net.Server.prototype, { listen: opensSocket })
Object.assign(dgram.Socket.prototype, { bind: opensSocket, connect: opensSocket, send: opensSocket })
syncBuiltinESMExports()
