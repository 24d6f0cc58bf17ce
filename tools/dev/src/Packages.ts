/** The programs that a command of this repository needs, and the Debian package of each. */
export interface Need {
  readonly command: string
  readonly debianPackage: string
  /** In place of the command, of a package that has none. */
  readonly file?: string
  /** The part that is missing without it. */
  readonly purpose: string
}

export type Occasion = "start" | "test" | "interop" | "openapi" | "browser"

const natsServer: Need = { command: "nats-server", debianPackage: "nats-server", purpose: "the bus of Roost" }

/** Its server programs are not in Debian's PATH, this one of the same package's dependencies is. */
const postgres: Need = {
  command: "pg_ctlcluster",
  debianPackage: "postgresql",
  purpose: "the other database of the registry, in the tests"
}

/** For virtual environments; Debian's python3 alone can't make one. */
const python: Need = {
  command: "python3",
  debianPackage: "python3-venv",
  purpose: "the example in Python and the tools of npm run openapi"
}

const signatures: Need = {
  command: "gpgv",
  debianPackage: "gpgv",
  purpose: "checks the signature of the Node project, in the tests"
}

const units: Need = {
  command: "systemd-analyze",
  debianPackage: "systemd",
  purpose: "looks at the units of deploy/systemd, in the tests"
}

const testClients: ReadonlyArray<Need> = [
  { command: "openssl", debianPackage: "openssl", purpose: "a DTLS client of the tests" },
  { command: "coap-client-openssl", debianPackage: "libcoap3-bin", purpose: "libcoap over OpenSSL in the tests" },
  { command: "coap-client-gnutls", debianPackage: "libcoap3-bin", purpose: "libcoap over GnuTLS in the tests" },
  { command: "gnutls-cli", debianPackage: "gnutls-bin", purpose: "a DTLS client of the tests" },
  // Its packages depend on erlang-base, which has the command.
  { command: "escript", debianPackage: "erlang-ssl", purpose: "a DTLS client of the tests with nonces of its own" }
]

const browser: ReadonlyArray<Need> = [
  { command: "chromium", debianPackage: "chromium", purpose: "shows the console, in its test" },
  {
    command: "Noto Sans CJK",
    debianPackage: "fonts-noto-cjk",
    file: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    purpose: "shows the console in Chinese, in its test"
  }
]

const shells: ReadonlyArray<Need> = ["zsh", "fish"].map((command) => ({
  command,
  debianPackage: command,
  purpose: "a shell that completes roost's commands, in the tests"
}))

/** Not Go: Debian 12's is too old for pion, so tools/interop only asks whether the machine has one that is not. */
const interopToolchains: ReadonlyArray<Need> = [
  { command: "javac", debianPackage: "default-jdk-headless", purpose: "builds the Californium client" },
  { command: "mvn", debianPackage: "maven", purpose: "fetches Californium" },
  { command: "gcc", debianPackage: "build-essential", purpose: "builds the wolfSSL client" },
  // Debian builds browsers with it: its cargo is years older than its cargo-web.
  { command: "cargo", debianPackage: "cargo-web", purpose: "builds the dimpl client and fetches wolfSSL" }
]

export const needsOf = (occasion: Occasion): ReadonlyArray<Need> => {
  switch (occasion) {
    case "start":
      return [natsServer]
    case "test":
      return [natsServer, postgres, python, signatures, units, ...shells, ...testClients]
    case "openapi":
      return [natsServer, python]
    case "browser":
      return [natsServer, ...browser]
    case "interop":
      return [natsServer, postgres, python, signatures, units, ...testClients, ...interopToolchains]
  }
}
