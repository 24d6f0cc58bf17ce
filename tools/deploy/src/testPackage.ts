import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { buildPackage } from "./buildPackage.ts"
import { apps, repository } from "./imageRoot.ts"

/** The worst that `systemd-analyze security` may say of a unit, of 10. */
const exposureMax = 3

/** The package is installed in a Debian of its own, its apps start there, and it leaves again. Rejects with what went wrong. */
export const testPackage = (folder: string, architecture: "amd64" | "arm64"): void => {
  const file = buildPackage(architecture)
  const chroot = join(folder, "debian")
  mkdirSync(chroot)
  unpackBase(chroot)
  cpSync(file, join(chroot, "roost.deb"))
  const inside = (...command: ReadonlyArray<string>) =>
    execFileSync("chroot", [chroot, ...command], { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } })
  inside("dpkg", "--install", "/roost.deb")
  for (const app of apps) process.stdout.write(inside("roost", app, "--version"))
  for (const unit of ["roost@.service", "roost-nats.service"]) {
    const options = ["security", "--offline=true", `--threshold=${exposureMax * 10}`, "--no-pager"]
    execFileSync("systemd-analyze", [...options, join(chroot, "lib/systemd/system", unit)], { stdio: "ignore" })
  }
  inside("dpkg", "--install", "/roost.deb")
  inside("dpkg", "--remove", "roost")
  for (const path of ["opt/roost/node", "usr/bin/roost", "lib/systemd/system/roost@.service"]) {
    if (existsSync(join(chroot, path))) throw new Error(`/${path} is still there after dpkg --remove`)
  }
}

/** The files of the image's base, which has dpkg and what Node needs. */
const unpackBase = (chroot: string): void => {
  const read = (...args: ReadonlyArray<string>) =>
    execFileSync("buildah", [...args], { encoding: "utf8", cwd: repository })
  const container = read("from", "localhost/roost-base").trim()
  try {
    const mounted = read("mount", container).trim()
    execFileSync("cp", ["--archive", `${mounted}/.`, chroot])
  } finally {
    read("rm", container)
  }
}
